//! `[registration]`: who may make an account.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// Who may make an account. `kith user create` and the admin API make accounts in every mode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// "closed": nobody registers unaided. "token": whoever holds a registration token (the admin API makes
    /// them). "email": whoever confirms an email address, which needs the section \[email]. "open": everybody who reaches the server, in one request; on the internet that invites spammers.
    /// Default: "open" when server_name is localhost and every listener is on a loopback address, so that a first
    /// try needs no configuration; otherwise "closed".
    ///
    /// Example: "token"
    pub mode: Option<RegistrationMode>,

    /// Lets programs that know this secret make accounts, administrators too, through
    /// /_synapse/admin/v1/register. Unset: that endpoint is off. At least 10 characters.
    ///
    /// Example: "a long random text"
    pub shared_secret: Option<Secret>,

    /// Ask for consent to the terms below when somebody registers.
    pub require_terms: bool,

    /// The page with the terms. Needed when require_terms is on.
    ///
    /// Example: "https://example.org/terms"
    pub terms_url: Option<String>,

    /// The version of the terms; whoever consents consents to this version.
    ///
    /// Example: "2026-01"
    pub terms_version: Option<String>,

    /// What clients call the terms.
    ///
    /// Example: "Terms of service"
    pub terms_name: Option<String>,

    /// Have whoever registers solve a captcha: the key with which clients show it. Any provider will do that is asked by
    /// a form with `secret` and `response` and answers with `success`: reCAPTCHA, hCaptcha, Turnstile. Needs
    /// captcha_secret_key.
    ///
    /// Example: "a key that everybody may see"
    pub captcha_site_key: Option<String>,

    /// The key with which this server asks the provider whether a captcha was solved.
    ///
    /// Example: "a key that nobody may see"
    pub captcha_secret_key: Option<Secret>,

    /// Where it asks. Unset: reCAPTCHA's own.
    ///
    /// Example: "https://captcha.example.org/siteverify"
    pub captcha_verify_url: Option<String>,

    /// Let clients look around as guests without an account, in rooms that allow it.
    pub guests: bool,
}

/// Who may register without an administrator's help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Nobody.
    Closed,
    /// Whoever holds a registration token.
    Token,
    /// Whoever confirms an email address.
    Email,
    /// Everybody.
    Open,
}

impl RegistrationMode {
    /// The word that stands in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            RegistrationMode::Closed => "closed",
            RegistrationMode::Token => "token",
            RegistrationMode::Email => "email",
            RegistrationMode::Open => "open",
        }
    }
}
