//! `[search]`: finding messages and people.

use serde::{Deserialize, Serialize};

/// Finding messages and people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// Let clients search the messages of their rooms. Messages that are encrypted from end to end cannot be searched
    /// by any server. The index takes room in the data directory; false deletes it, and true makes it again.
    pub enabled: bool,

    /// Memory for adding to the index, in MiB; more makes larger steps while it is made. At least 16.
    pub memory_mib: u64,

    /// Let people find everybody whom this server knows, not only those who share a room with them or are in a public
    /// room. For servers of one organisation.
    pub all_users: bool,
}

impl Default for Search {
    fn default() -> Search {
        Search { enabled: true, memory_mib: 32, all_users: false }
    }
}
