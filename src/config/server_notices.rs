//! `[server_notices]`: what the operator tells users in rooms.

use serde::{Deserialize, Serialize};

/// Notices that administrators send to users of this server (with the admin API). Each user gets one room for them,
/// which they are invited to and cannot decline; they may leave it once they have joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerNotices {
    /// The part before the colon in the id of the user who sends them. The account is made with the first notice, has
    /// no password, and nobody may register under this name. Unset: no notices.
    ///
    /// Example: "notices"
    pub localpart: Option<String>,

    /// What this user is called.
    pub display_name: String,

    /// This user's picture.
    ///
    /// Example: "mxc://example.org/picture"
    pub avatar_url: Option<String>,

    /// What the rooms are called.
    pub room_name: String,

    /// What the rooms are about.
    ///
    /// Example: "What the operators of this server tell you"
    pub room_topic: Option<String>,

    /// The rooms' picture.
    ///
    /// Example: "mxc://example.org/picture"
    pub room_avatar_url: Option<String>,

    /// Have users join these rooms instead of inviting them.
    pub auto_join: bool,
}

impl Default for ServerNotices {
    fn default() -> ServerNotices {
        ServerNotices {
            localpart: None,
            display_name: "Server notices".to_owned(),
            avatar_url: None,
            room_name: "Server notices".to_owned(),
            room_topic: None,
            room_avatar_url: None,
            auto_join: false,
        }
    }
}
