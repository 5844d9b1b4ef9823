//! `[delayed_events]`: events that are sent later.

use serde::{Deserialize, Serialize};

/// Events that clients have sent later (MSC4140). Calls use them to notice who has lost the connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelayedEvents {
    /// How many seconds an event may be put off. 0 switches this off.
    pub max_delay_seconds: u64,

    /// How many events one user may have waiting.
    pub waiting_per_user_max: u32,
}

impl Default for DelayedEvents {
    fn default() -> DelayedEvents {
        DelayedEvents { max_delay_seconds: 86_400, waiting_per_user_max: 100 }
    }
}
