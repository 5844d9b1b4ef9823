//! `[sso]`: logging in elsewhere.

use serde::{Deserialize, Serialize};

/// What holds for logging in with another service, whichever it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sso {
    /// Clients that people are sent back to without being asked: addresses, with everything below them. For all others
    /// a page asks first whether that client may log in, since it gets the account.
    ///
    /// Example: ["https://app.example.org", "io.element.app:"]
    pub trusted_clients: Vec<String>,
}
