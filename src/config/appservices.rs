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
}
