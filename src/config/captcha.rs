//! `[captcha]`: telling people from programs at registration.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// A riddle at registration that programs cannot solve: reCAPTCHA, hCaptcha, Turnstile, or what answers like them. On if
/// there is a site key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Captcha {
    /// The public key that the service gave you.
    ///
    /// Example: "6Lc…"
    pub site_key: Option<String>,

    /// The secret that goes with it.
    ///
    /// Example: "secret"
    pub secret: Option<Secret>,

    /// Where this server asks whether an answer is right.
    pub verify_url: String,

    /// The script that shows the riddle on this server's own page.
    pub script_url: String,

    /// The class of the element that the script fills: "g-recaptcha", "h-captcha" or "cf-turnstile".
    pub class: String,
}

impl Default for Captcha {
    fn default() -> Captcha {
        Captcha {
            site_key: None,
            secret: None,
            verify_url: "https://www.google.com/recaptcha/api/siteverify".to_owned(),
            script_url: "https://www.google.com/recaptcha/api.js".to_owned(),
            class: "g-recaptcha".to_owned(),
        }
    }
}

impl Captcha {
    /// Whether a riddle is asked.
    pub fn is_on(&self) -> bool {
        self.site_key.is_some()
    }
}
