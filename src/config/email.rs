//! `[email]`: the mails this server sends.

use std::path::PathBuf;

use crate::Secret;
use serde::{Deserialize, Serialize};

/// Mails this server sends: to confirm addresses, to reset passwords, and to tell people what they missed. Without a
/// host none are sent, and what needs them is not offered. Links in mails lead to well_known.client or
/// public_base_url; one of both is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Email {
    /// The mail relay: its host name or address.
    ///
    /// Example: "smtp.example.org"
    pub host: Option<String>,

    /// The relay's port: 587 for "starttls", 465 for "implicit", often 25 for "none".
    pub port: u16,

    /// How the connection is protected: "starttls", "implicit" (TLS from the first byte), or "none", which is for a
    /// relay on the same machine.
    pub tls: MailTls,

    /// The name to log in to the relay with. Set together with the password.
    ///
    /// Example: "kith"
    pub username: Option<String>,

    /// The password that goes with it.
    ///
    /// Example: "secret"
    pub password: Option<Secret>,

    /// Whom mails come from. Needed when there is a host.
    ///
    /// Example: "Example chat <noreply@example.org>"
    pub from: Option<String>,

    /// What mails and pages call this service.
    pub app_name: String,

    /// How many seconds the link in a mail is valid. At least 60.
    pub link_lifetime_seconds: u64,

    /// Answer alike whether or not an account has an address, so that nobody finds out by asking. Clients then cannot
    /// tell people that an address is taken or unknown; a mail to the address does, where it exists.
    pub hide_accounts: bool,

    /// Pages that a link in a mail may lead on to after it has done its work, as beginnings of URLs: clients ask for
    /// that. "*" allows every page, which lets others misuse this server's name to lead people astray.
    pub next_links: Vec<String>,

    /// The address of a web client, to which rooms in mails link (followed by "/#/room/" and the room's id). Without it
    /// they link to matrix.to, where people choose their client.
    ///
    /// Example: "https://app.example.org"
    pub client_url: Option<String>,

    /// A directory with templates (minijinja) that replace those of the same name in src/accounts/mails and
    /// src/push/mails; read at start.
    ///
    /// Example: "/etc/kith/mails"
    pub templates: Option<PathBuf>,
}

/// How the connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// Not at all.
    None,
    /// By TLS after a greeting in the clear.
    Starttls,
    /// By TLS from the first byte.
    Implicit,
}

impl Default for Email {
    fn default() -> Email {
        Email {
            host: None,
            port: 587,
            tls: MailTls::Starttls,
            username: None,
            password: None,
            from: None,
            app_name: "Matrix".to_owned(),
            link_lifetime_seconds: 86_400,
            hide_accounts: false,
            next_links: Vec::new(),
            client_url: None,
            templates: None,
        }
    }
}

impl Email {
    /// Whether this server sends mails.
    pub fn is_on(&self) -> bool {
        self.host.is_some()
    }
}
