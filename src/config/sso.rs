//! `[sso]`: logging in elsewhere.

use serde::{Deserialize, Serialize};

/// What holds for logging in with another service, whichever it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sso {
    /// Clients that people are sent back to without being asked, as beginnings of addresses; end them with a slash
    /// behind the host. For all others a page asks first whether that client may log in.
    pub trusted_clients: Vec<String>,
}
