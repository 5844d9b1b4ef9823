//! `[email]`: the mail server that delivers what this server writes.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// The mail server that delivers what this server writes. Unset: no mail is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Email {
    /// Name or address of the SMTP server.
    ///
    /// Example: "mail.example.org"
    pub host: Option<String>,

    /// Its port: 587 with "starttls", 465 with "tls", 25 with "none".
    pub port: u16,

    /// "none", "starttls" (the connection must become encrypted) or "tls" (encrypted from the start).
    pub security: EmailSecurity,

    /// Name to log in with. Unset: no login.
    ///
    /// Example: "kith@example.org"
    pub username: Option<String>,

    /// Password to log in with.
    ///
    /// Example: "secret"
    pub password: Option<Secret>,

    /// The sender of our mails.
    ///
    /// Example: "Kith <kith@example.org>"
    pub from: Option<String>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailSecurity {
    /// Not at all.
    None,
    /// It begins in the clear and must become encrypted.
    Starttls,
    /// It is encrypted from the start.
    Tls,
}

impl Default for Email {
    fn default() -> Email {
        Email {
            host: None,
            port: 587,
            security: EmailSecurity::Starttls,
            username: None,
            password: None,
            from: None,
        }
    }
}
