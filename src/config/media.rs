//! `[media]`: files that users share.

use serde::{Deserialize, Serialize};

/// Files that users share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Bytes of one upload at most; clients ask for this number and say so before they try.
    pub max_upload_bytes: u64,
}

impl Default for Media {
    fn default() -> Media {
        Media { max_upload_bytes: 50 * 1024 * 1024 }
    }
}
