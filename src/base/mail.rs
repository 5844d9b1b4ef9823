//! Mails: handing them to the operator's relay. <https://www.rfc-editor.org/rfc/rfc6409>
//!
//! A mail is sent at once or not at all: whoever wants it sent later asks again. The relay keeps a mail until it is
//! delivered, which this server need not. What a mail says is written by whoever sends it.

use std::{sync::Arc, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Address,
    message::{Mailbox, MultiPart, SinglePart, header::HeaderName, header::HeaderValue},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use tokio::sync::Semaphore;

use crate::Random;

/// How many mails are handed over at the same time; further ones wait.
const SENDING_AT_ONCE_MAX: usize = 8;
/// How long handing over a mail may take, waiting included.
const SENDING_TIME_MAX: Duration = Duration::from_secs(60);
/// How long the relay may take for one step.
const STEP_TIME_MAX: Duration = Duration::from_secs(20);
const MESSAGE_ID_CHARACTERS: usize = 32;

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct MailOptions {
    /// The relay's host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Name and password, if the relay wants them.
    pub credentials: Option<(String, String)>,
    /// Whom mails come from: an address, or a name with the address in angle brackets.
    pub from: String,
    /// PEM texts of certificate authorities that are trusted besides the system's.
    pub extra_ca_certificates: Vec<Vec<u8>>,
}

/// How the connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// Not at all.
    None,
    /// By TLS after a greeting in the clear; no mail goes to a relay that cannot.
    StartTls,
    /// By TLS from the first byte.
    Implicit,
}

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// The same as a page.
    pub html: Option<String>,
    /// Where whoever wants no more such mails sends an empty POST, if they come again and again (RFC 8058).
    pub unsubscribe: Option<String>,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The options do not make a mailer.
    #[error("mails cannot be sent: {0}")]
    Options(String),
    /// The address is none.
    #[error("this is not an address")]
    Address,
    /// The mail cannot be put together.
    #[error("the mail cannot be written: {0}")]
    Message(String),
    /// The relay did not take it.
    #[error("the mail relay did not take the mail: {0}")]
    Relay(String),
    /// The relay took too long.
    #[error("the mail relay did not take the mail in time")]
    Timeout,
}

/// Sends mails. Clones share the same limit.
#[derive(Clone)]
pub struct Mailer {
    relay: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    turns: Arc<Semaphore>,
    random: Random,
}

impl Mailer {
    /// A mailer with these options. Nothing is connected to before the first mail.
    pub fn new(options: MailOptions, random: Random) -> Result<Self, MailError> {
        let from: Mailbox = options
            .from
            .parse()
            .map_err(|_| MailError::Options(format!("{:?} is no sender", options.from)))?;
        let tls = protection(&options)?;
        let mut relay = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(options.host)
            .port(options.port)
            .tls(tls)
            .timeout(Some(STEP_TIME_MAX))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some((name, password)) = options.credentials {
            relay = relay.credentials(Credentials::new(name, password));
        }
        Ok(Self { relay: relay.build(), from, turns: Arc::new(Semaphore::new(SENDING_AT_ONCE_MAX)), random })
    }

    /// Whether mail can be addressed like this.
    pub fn is_address(address: &str) -> bool {
        address.parse::<Address>().is_ok()
    }

    /// Hands a mail to the relay.
    pub async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let message = self.write(mail)?;
        let handing_over = async {
            // The semaphore is never closed, so this waits and does not fail.
            let _turn = self.turns.acquire().await;
            self.relay.send(message).await
        };
        match tokio::time::timeout(SENDING_TIME_MAX, handing_over).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_timeout() => Err(MailError::Timeout),
            Ok(Err(error)) => Err(MailError::Relay(error.to_string())),
            Err(_elapsed) => Err(MailError::Timeout),
        }
    }

    fn write(&self, mail: Mail) -> Result<Message, MailError> {
        let to: Address = mail.to.parse().map_err(|_| MailError::Address)?;
        let domain = self.from.email.domain();
        let id = format!("<{}@{domain}>", self.random.alphanumeric(MESSAGE_ID_CHARACTERS));
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            // A line break in a subject would begin another header.
            .subject(mail.subject.replace(char::is_control, " "))
            .message_id(Some(id))
            // Keeps answering machines from answering (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(link) = &mail.unsubscribe {
            message = message
                .raw_header(header("List-Unsubscribe", &format!("<{}>", link.replace(char::is_control, ""))))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let message = match mail.html {
            Some(html) => message.multipart(MultiPart::alternative_plain_html(mail.text, html)),
            None => message.singlepart(SinglePart::plain(mail.text)),
        };
        message.map_err(|error| MailError::Message(error.to_string()))
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn protection(options: &MailOptions) -> Result<Tls, MailError> {
    if options.tls == MailTls::None {
        return Ok(Tls::None);
    }
    let wrong = |error: lettre::transport::smtp::Error| MailError::Options(error.to_string());
    let mut parameters = TlsParameters::builder(options.host.clone());
    for pem in &options.extra_ca_certificates {
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(wrong)?);
    }
    let parameters = parameters.build_rustls().map_err(wrong)?;
    Ok(match options.tls {
        MailTls::Implicit => Tls::Wrapper(parameters),
        MailTls::StartTls | MailTls::None => Tls::Required(parameters),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(from: &str) -> Result<Mailer, MailError> {
        let options = MailOptions {
            host: "localhost".to_owned(),
            port: 25,
            tls: MailTls::None,
            credentials: None,
            from: from.to_owned(),
            extra_ca_certificates: Vec::new(),
        };
        Mailer::new(options, Random::seeded(1))
    }

    fn mail(to: &str, subject: &str) -> Mail {
        Mail {
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "Hello\n".to_owned(),
            html: None,
            unsubscribe: None,
        }
    }

    #[test]
    fn a_subject_adds_no_header() {
        let mailer = mailer("Kith <kith@example.org>").expect("is a sender");
        let message = mailer.write(mail("a@example.org", "one\r\nBcc: b@example.org")).expect("is a mail");
        let text = String::from_utf8(message.formatted()).expect("is text");
        assert!(!text.contains("\r\nBcc:"), "{text}");
        assert!(
            text.contains("From: \"Kith\" <kith@example.org>") || text.contains("From: Kith <"),
            "{text}"
        );
        assert_eq!(message.envelope().to().len(), 1);
    }

    #[test]
    fn mails_that_come_again_say_how_to_end_them() {
        let mailer = mailer("kith@example.org").expect("is a sender");
        let link = format!("https://example.org/unsubscribe?secret={}", "s".repeat(200));
        let mail = Mail { unsubscribe: Some(link.clone()), ..mail("a@example.org", "one") };
        let text = String::from_utf8(mailer.write(mail).expect("is a mail").formatted()).expect("is text");
        let unfolded = text.replace("\r\n ", " ");
        assert!(unfolded.contains(&format!("List-Unsubscribe: <{link}>")), "{text}");
        assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{text}");
    }

    #[test]
    fn addresses_are_checked() {
        assert!(mailer("nobody").is_err());
        let mailer = mailer("kith@example.org").expect("is a sender");
        for address in ["", "a", "a@", "a@b\r\nRCPT TO:<c@d>", "a@b, c@d", "<a@b>"] {
            assert!(matches!(mailer.write(mail(address, "x")), Err(MailError::Address)), "{address:?}");
            assert!(!Mailer::is_address(address));
        }
        assert!(Mailer::is_address("user+tag@example.org"));
    }
}
