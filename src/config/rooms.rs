//! `[rooms]`: what holds for rooms made on this server, and for its directory.

use serde::{Deserialize, Serialize};

/// What holds for rooms made on this server, and for its public directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// The room version of new rooms when the client asks for none.
    pub default_room_version: String,

    /// Which new rooms are encrypted although the client did not ask for it: "off" (none), "invite" (rooms made with
    /// the private_chat or trusted_private_chat preset) or "all".
    pub encryption_by_default: EncryptionByDefault,

    /// Who may publish which rooms in the public directory. The first rule that matches decides; if none matches,
    /// publishing is refused. user, alias and room are patterns with `*` and `?`; a rule matches when all three do.
    pub directory_publication: Vec<PublicationRule>,

    /// Show the public directory to logged-in users only. False also shows it to whoever reaches the server.
    pub require_auth_for_directory: bool,

    /// Show the public directory to other servers, whose users then find this server's published rooms.
    pub directory_for_other_servers: bool,

    /// Let only subscribed threads notify, for everyone. A thread that somebody is not subscribed to then notifies them
    /// only of what mentions them, and one that they are subscribed to of everything, whatever else they have set for
    /// the room. Not every client can subscribe yet, and whoever has an older one would hear of no thread: so it is the
    /// case only for those who have subscribed to a thread once, unless you say otherwise here.
    pub thread_rules_for_everyone: bool,
}

/// One rule about publishing in the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublicationRule {
    /// Pattern for the id of the user who publishes.
    pub user: String,
    /// Pattern for one of the room's aliases; "*" also matches a room without any.
    pub alias: String,
    /// Pattern for the room's id.
    pub room: String,
    /// What follows when the rule matches.
    pub action: RuleAction,
}

/// What follows when a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleAction {
    /// It is allowed.
    Allow,
    /// It is refused.
    Deny,
}

/// Which new rooms are encrypted without being asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncryptionByDefault {
    /// None.
    Off,
    /// Those one is invited to.
    Invite,
    /// All.
    All,
}

impl Default for Rooms {
    fn default() -> Rooms {
        Rooms {
            default_room_version: "12".to_owned(),
            encryption_by_default: EncryptionByDefault::Off,
            directory_publication: vec![PublicationRule::default()],
            require_auth_for_directory: true,
            directory_for_other_servers: true,
            thread_rules_for_everyone: false,
        }
    }
}

impl Default for PublicationRule {
    fn default() -> PublicationRule {
        PublicationRule {
            user: "*".to_owned(),
            alias: "*".to_owned(),
            room: "*".to_owned(),
            action: RuleAction::Allow,
        }
    }
}
