//! The configuration: one file per section, whose doc comments are the manual.
//!
//! `config.example.toml` at the top of the repository is written from the doc comments and the default values here;
//! a test fails when it is stale (`KITH_BLESS=1 cargo test -p kith-config` writes it again). To add a key, add one
//! documented field with a default to its section; to add a section, add a file, a field of [`Config`] and a line in
//! `example.rs`.
//!
//! Deliberately absent: what a key does. Nothing here opens a file other than the configuration itself.

mod accounts;
mod appservices;
mod delayed_events;
mod email;
mod error;
#[cfg(test)]
mod example;
mod federation;
mod jwt;
mod ldap;
mod limits;
mod listeners;
mod load;
mod logging;
mod media;
mod oidc_providers;
mod outgoing;
mod passwords;
mod presence;
mod push;
mod rate_limits;
mod registration;
mod rooms;
mod rtc;
mod search;
mod secret;
mod server_notices;
mod sso;
mod storage;
mod turn;
mod url_previews;
mod validate;
mod well_known;

pub use accounts::Accounts;
pub use appservices::Appservices;
pub use delayed_events::DelayedEvents;
pub use email::{Email, MailTls};
pub use error::{ConfigError, Problem};
pub use federation::Federation;
pub use jwt::{Jwt, JwtAlgorithm};
pub use ldap::{Ldap, LdapMode};
pub use limits::Limits;
pub use listeners::{Listener, Service};
pub use load::Override;
pub use logging::{LogFormat, Logging};
pub use media::{Media, MediaS3, MediaStorage};
pub use oidc_providers::OidcProvider;
pub use outgoing::Outgoing;
pub use passwords::Passwords;
pub use presence::Presence;
pub use push::Push;
pub use rate_limits::{FederationRate, Rate, RateLimits};
pub use registration::{Registration, RegistrationMode};
pub use rooms::{EncryptionByDefault, PublicationRule, Rooms, RuleAction};
pub use rtc::Rtc;
pub use search::Search;
pub use secret::Secret;
pub use server_notices::ServerNotices;
pub use sso::Sso;
pub use storage::{Durability, Storage};
pub use turn::Turn;
pub use url_previews::UrlPreviews;
pub use well_known::{SupportContact, WellKnown};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Every key with its meaning and default, as a file to start from.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Everything an operator can choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The name after the colon in every user id, room alias and key of this server: usually your domain. It cannot
    /// be changed later, because it is part of everything that was ever written.
    pub server_name: String,

    /// The directory that holds all data; made at the first start. Belongs on a local disk.
    pub data_dir: PathBuf,

    /// The URL under which clients reach this server from outside, without a path.
    ///
    /// Example: "https://matrix.example.org"
    pub public_base_url: Option<String>,

    pub listeners: Vec<Listener>,
    pub registration: Registration,
    pub accounts: Accounts,
    pub passwords: Passwords,
    pub rooms: Rooms,
    pub rate_limits: RateLimits,
    pub outgoing: Outgoing,
    pub storage: Storage,
    pub logging: Logging,
    pub limits: Limits,
    pub appservices: Appservices,
    pub turn: Turn,
    pub well_known: WellKnown,
    pub presence: Presence,
    pub push: Push,
    pub delayed_events: DelayedEvents,
    pub federation: Federation,
    pub email: Email,
    pub media: Media,
    pub media_s3: MediaS3,
    pub rtc: Rtc,
    pub search: Search,
    pub server_notices: ServerNotices,
    pub url_previews: UrlPreviews,
    pub oidc_providers: Vec<OidcProvider>,
    pub sso: Sso,
    pub jwt: Jwt,
    pub ldap: Ldap,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            server_name: "localhost".to_owned(),
            data_dir: PathBuf::from("./kith-data"),
            public_base_url: None,
            listeners: vec![Listener::default()],
            registration: Registration::default(),
            accounts: Accounts::default(),
            passwords: Passwords::default(),
            rooms: Rooms::default(),
            rate_limits: RateLimits::default(),
            outgoing: Outgoing::default(),
            storage: Storage::default(),
            logging: Logging::default(),
            limits: Limits::default(),
            appservices: Appservices::default(),
            turn: Turn::default(),
            well_known: WellKnown::default(),
            presence: Presence::default(),
            push: Push::default(),
            delayed_events: DelayedEvents::default(),
            federation: Federation::default(),
            media: Media::default(),
            media_s3: MediaS3::default(),
            url_previews: UrlPreviews::default(),
            search: Search::default(),
            rtc: Rtc::default(),
            email: Email::default(),
            oidc_providers: Vec::new(),
            sso: Sso::default(),
            jwt: Jwt::default(),
            ldap: Ldap::default(),
            server_notices: ServerNotices::default(),
        }
    }
}

impl Config {
    /// Who may register: what the operator chose, or else "open" on a server that only its own machine can reach and
    /// "closed" on every other.
    pub fn effective_registration_mode(&self) -> RegistrationMode {
        let host = self.server_name.rsplit_once(':').map_or(self.server_name.as_str(), |(host, _port)| host);
        let private =
            host == "localhost" && self.listeners.iter().all(|listener| listener.address.ip().is_loopback());
        let default = if private { RegistrationMode::Open } else { RegistrationMode::Closed };
        self.registration.mode.unwrap_or(default)
    }

    /// The base URL that clients are told, without a slash at its end.
    pub fn client_base_url(&self) -> Option<&str> {
        let url = self.well_known.client.as_deref().or(self.public_base_url.as_deref());
        url.map(|url| url.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests;
