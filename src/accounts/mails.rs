//! What this server writes to people about their accounts: templates, which operators may replace.
//!
//! A mail is two templates in `mails/`: `<name>.txt`, whose first line is the subject, and `<name>.html`.

use std::{fmt, path::Path, sync::Arc};

use kith_base::Mail;
use kith_config::Email;
use minijinja::{Environment, context};
use ruma::UserId;

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
    #[error("email.templates: {0} does not begin with a line \"Subject: …\"")]
    NoSubject(&'static str),
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Register,
    ResetPassword,
    AddAddress,
    AlreadyRegistered,
}

/// The names and texts of the templates as they are built in.
const TEMPLATES: [(&str, &str); 8] = [
    ("register.txt", include_str!("mails/register.txt")),
    ("register.html", include_str!("mails/register.html")),
    ("reset_password.txt", include_str!("mails/reset_password.txt")),
    ("reset_password.html", include_str!("mails/reset_password.html")),
    ("add_address.txt", include_str!("mails/add_address.txt")),
    ("add_address.html", include_str!("mails/add_address.html")),
    ("already_registered.txt", include_str!("mails/already_registered.txt")),
    ("already_registered.html", include_str!("mails/already_registered.html")),
];

/// The mails about accounts.
#[derive(Clone)]
pub struct Mails {
    environment: Arc<Environment<'static>>,
    app_name: String,
    server_name: String,
}

impl fmt::Debug for Mails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Mails")
    }
}

impl Kind {
    /// Whether the mail brings a token to its reader.
    pub(crate) fn has_link(self) -> bool {
        self != Self::AlreadyRegistered
    }

    fn files(self) -> (&'static str, &'static str) {
        match self {
            Self::Register => ("register.txt", "register.html"),
            Self::ResetPassword => ("reset_password.txt", "reset_password.html"),
            Self::AddAddress => ("add_address.txt", "add_address.html"),
            Self::AlreadyRegistered => ("already_registered.txt", "already_registered.html"),
        }
    }
}

impl Mails {
    /// Reads the templates: those built in, and instead of them those in the operator's directory. Each is tried once,
    /// so that a mistake shows at start and not when somebody needs a mail.
    pub fn read(email: &Email, server_name: &str) -> Result<Self, MailTemplateError> {
        let mut environment = Environment::new();
        for (name, text) in TEMPLATES {
            let own = email.templates.as_deref().map(|directory| replacement(directory, name)).transpose()?;
            match own.flatten() {
                Some(own) => environment.add_template_owned(name, own)?,
                None => environment.add_template(name, text)?,
            }
        }
        let mails = Self {
            environment: Arc::new(environment),
            app_name: email.app_name.clone(),
            server_name: server_name.to_owned(),
        };
        for kind in [Kind::Register, Kind::ResetPassword, Kind::AddAddress, Kind::AlreadyRegistered] {
            mails.write(kind, "somebody@example.org", "https://example.org", None)?;
        }
        Ok(mails)
    }

    pub(crate) fn write(
        &self,
        kind: Kind,
        to: &str,
        link: &str,
        user_id: Option<&UserId>,
    ) -> Result<Mail, MailTemplateError> {
        let (text_name, html_name) = kind.files();
        let values = context! {
            app_name => self.app_name.as_str(), server_name => self.server_name.as_str(), address => to, link => link,
            user_id => user_id.map(UserId::as_str),
        };
        let text = self.environment.get_template(text_name)?.render(&values)?;
        let html = self.environment.get_template(html_name)?.render(&values)?;
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = first.strip_prefix("Subject: ").ok_or(MailTemplateError::NoSubject(text_name))?;
        Ok(Mail {
            to: to.to_owned(),
            subject: subject.trim().to_owned(),
            text: format!("{}\n", rest.trim()),
            html: Some(html),
            unsubscribe: None,
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

    #[test]
    fn operators_replace_templates_and_hear_of_mistakes() {
        let directory = tempfile::tempdir().expect("a directory");
        let email = Email { templates: Some(directory.path().to_owned()), ..Email::default() };
        let put = |text: &str| std::fs::write(directory.path().join("register.txt"), text).expect("writes");
        put("Subject: Hello from {{ server_name }}\n\n{{ link }}\n");
        let mails = Mails::read(&email, "a.example").expect("is right");
        let mail = mails.write(Kind::Register, "b@c.example", "https://x/?a=1&b=2", None).expect("writes");
        assert_eq!(
            (mail.subject.as_str(), mail.text.as_str()),
            ("Hello from a.example", "https://x/?a=1&b=2\n")
        );
        // The page is still the built-in one, and escapes what is put into it.
        assert!(mail.html.expect("has a page").contains("?a=1&amp;b=2"));
        put("no subject {{ link }}");
        assert!(matches!(
            Mails::read(&email, "a.example"),
            Err(MailTemplateError::NoSubject("register.txt"))
        ));
        put("Subject: {{ link");
        assert!(matches!(Mails::read(&email, "a.example"), Err(MailTemplateError::Template(_))));
    }
}
