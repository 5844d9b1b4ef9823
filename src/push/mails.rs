//! What mails say that tell users what they missed: templates, which operators may replace.
//!
//! The mail is two templates in `mails/`: `notifications.txt`, whose first line is the subject, and
//! `notifications.html`.

use std::{path::Path, sync::Arc};

use kith_base::Mail;
use kith_config::Email;
use minijinja::{Environment, Value, context};

const TEXT: &str = "notifications.txt";
const HTML: &str = "notifications.html";

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum MailTemplateError {
    /// The file cannot be read.
    #[error("email.templates: {0}: {1}")]
    Unreadable(String, std::io::Error),
    /// The template is wrong.
    #[error("email.templates: {0}")]
    Template(#[from] minijinja::Error),
    /// The first line of the text names no subject.
    #[error("email.templates: {TEXT} does not begin with a line \"Subject: …\"")]
    NoSubject,
}

/// The mails of pushers.
#[derive(Clone)]
pub struct Mails {
    environment: Arc<Environment<'static>>,
    app_name: String,
}

/// What a mail says of one room.
#[derive(Clone, Debug)]
pub(crate) struct MailedRoom {
    pub(crate) name: String,
    pub(crate) link: String,
    pub(crate) invite: bool,
    pub(crate) messages: Vec<MailedMessage>,
    /// How many more there are.
    pub(crate) more: usize,
}

/// What a mail says of one message.
#[derive(Clone, Debug)]
pub(crate) struct MailedMessage {
    pub(crate) sender: String,
    pub(crate) text: String,
}

impl MailedRoom {
    /// What templates know of it.
    fn value(&self) -> Value {
        let message = |message: &MailedMessage| context! { sender => message.sender.as_str(), text => message.text.as_str() };
        let messages: Vec<Value> = self.messages.iter().map(message).collect();
        context! {
            name => self.name.as_str(), link => self.link.as_str(), invite => self.invite, messages,
            more => u64::try_from(self.more).unwrap_or(u64::MAX),
        }
    }
}

impl Mails {
    /// Reads the templates: those built in, and instead of them those in the operator's directory. Each is tried once,
    /// so that a mistake shows at start.
    pub fn read(email: &Email) -> Result<Self, MailTemplateError> {
        let mut environment = Environment::new();
        let built_in = [
            (TEXT, include_str!("mails/notifications.txt")),
            (HTML, include_str!("mails/notifications.html")),
        ];
        for (name, text) in built_in {
            let own = email.templates.as_deref().map(|directory| replacement(directory, name)).transpose()?;
            match own.flatten() {
                Some(own) => environment.add_template_owned(name, own)?,
                None => environment.add_template(name, text)?,
            }
        }
        let mails = Self { environment: Arc::new(environment), app_name: email.app_name.clone() };
        let message = MailedMessage { sender: "Somebody".to_owned(), text: "Hello".to_owned() };
        let room = MailedRoom {
            name: "A room".to_owned(),
            link: "https://example.org".to_owned(),
            invite: false,
            messages: vec![message],
            more: 1,
        };
        mails.write("somebody@example.org", "@somebody:example.org", &[room], "https://example.org")?;
        Ok(mails)
    }

    /// The mail to an address.
    pub(crate) fn write(
        &self,
        to: &str,
        user_id: &str,
        rooms: &[MailedRoom],
        unsubscribe: &str,
    ) -> Result<Mail, MailTemplateError> {
        let rooms: Vec<Value> = rooms.iter().map(MailedRoom::value).collect();
        let values = context! { app_name => self.app_name.as_str(), user_id, rooms, unsubscribe };
        let text = self.environment.get_template(TEXT)?.render(&values)?;
        let html = self.environment.get_template(HTML)?.render(&values)?;
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = first.strip_prefix("Subject: ").ok_or(MailTemplateError::NoSubject)?;
        Ok(Mail {
            to: to.to_owned(),
            subject: subject.trim().to_owned(),
            text: format!("{}\n", rest.trim()),
            html: Some(html),
            unsubscribe: Some(unsubscribe.to_owned()),
        })
    }
}

/// The operator's template of this name, if there is one.
fn replacement(directory: &Path, name: &str) -> Result<Option<String>, MailTemplateError> {
    let path = directory.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(MailTemplateError::Unreadable(path.display().to_string(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str, text: &str, invite: bool) -> MailedRoom {
        let message = MailedMessage { sender: "Wilma".to_owned(), text: text.to_owned() };
        let link = "https://matrix.to/#/!a:b".to_owned();
        MailedRoom { name: name.to_owned(), link, invite, messages: vec![message], more: 0 }
    }

    #[track_caller]
    fn write(rooms: &[MailedRoom]) -> Mail {
        let mails = Mails::read(&Email::default()).expect("the built-in templates are right");
        mails.write("a@b.example", "@a:b.example", rooms, "https://b.example/u?a=1&b=2").expect("writes")
    }

    #[test]
    fn the_subject_says_what_it_is_about() {
        assert_eq!(write(&[room("Tea", "ready", false)]).subject, "Messages in Tea on Matrix");
        assert_eq!(write(&[room("Tea", "you are invited", true)]).subject, "Wilma invites you on Matrix");
        let two = [room("Tea", "ready", false), room("Cake", "too", false)];
        assert_eq!(write(&two).subject, "Messages in 2 rooms on Matrix");
    }

    #[test]
    fn what_others_write_stays_text() {
        let mail = write(&[room("<b>Tea</b>", "<script>x</script>", false)]);
        let html = mail.html.expect("has a page");
        assert!(!html.contains("<script>") && !html.contains("<b>Tea"), "{html}");
        assert!(mail.text.contains("Wilma: <script>x</script>"), "{}", mail.text);
        assert!(mail.text.contains("https://b.example/u?a=1&b=2"), "{}", mail.text);
    }
}
