//! `[presence]`: who is online.

use serde::{Deserialize, Serialize};

/// Who is online.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Presence {
    /// Tell people who share a room whether they are online. False spares busy servers some work.
    pub enabled: bool,
}

impl Default for Presence {
    fn default() -> Presence {
        Presence { enabled: true }
    }
}
