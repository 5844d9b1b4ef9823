//! `[well_known]`: what `/.well-known/matrix/` answers.

use serde::{Deserialize, Serialize};

/// What /.well-known/matrix/ answers, for servers whose name (example.org) is not the host they run on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WellKnown {
    /// The base URL clients are sent to (`/.well-known/matrix/client`). Unset: public_base_url; if that is unset
    /// too, the answer is 404 and clients use the name they were given.
    ///
    /// Example: "https://matrix.example.org"
    pub client: Option<String>,

    /// The host and port other servers are sent to (`/.well-known/matrix/server`). Unset: 404.
    ///
    /// Example: "matrix.example.org:443"
    pub server: Option<String>,

    /// A page with help for users (`/.well-known/matrix/support`).
    ///
    /// Example: "https://example.org/help"
    pub support_page: Option<String>,

    /// The public key of the policy server that signs events under this server's name, in unpadded base64
    /// (`/.well-known/matrix/policy_server`). Kith is none itself; unset: 404.
    ///
    /// Example: "6yhHGKhCiXTSEN2ksjV7kX/N6rBQZ3Xb+M7LlC6NS+s"
    pub policy_server_key: Option<String>,

    /// People to turn to. Each has an email_address, a matrix_id or both, and a role: "m.role.admin" or
    /// "m.role.security".
    ///
    /// Example: [{ email_address = "admin@example.org", matrix_id = "@admin:example.org", role = "m.role.admin" }]
    pub support_contacts: Vec<SupportContact>,
}

/// Somebody to turn to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SupportContact {
    /// Where mail reaches them.
    pub email_address: Option<String>,
    /// Where they are on Matrix.
    pub matrix_id: Option<String>,
    /// What they are for.
    pub role: String,
}
