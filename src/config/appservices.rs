//! `[appservices]`: bridges and other application services.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Bridges and other application services.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Appservices {
    /// A directory with registration files (`*.yaml`), read at start.
    ///
    /// Example: "/etc/kith/appservices"
    pub directory: Option<PathBuf>,

    /// Speak to old application services too: the server's token is also put into the URL of each request, where it
    /// may end up in logs, and paths from before version 1 of the API are tried where the present ones are unknown.
    pub legacy_requests: bool,
}
