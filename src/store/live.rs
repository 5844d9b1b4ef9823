//! What lives in memory only: who is typing, and who is online. It may be lost at any time and is never written.
//!
//! The rows carry positions of the one counter, so `/sync` treats them like every other stream.

use std::collections::{BTreeMap, HashMap};

use parking_lot::RwLock;

use crate::sids::{Position, RoomSid, UserSid};

/// The tables in memory.
#[derive(Default)]
pub struct Live {
    typing: RwLock<HashMap<RoomSid, TypingRow>>,
    presence: RwLock<HashMap<UserSid, PresenceRow>>,
}

/// Who is typing in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypingRow {
    /// When the row last changed.
    pub position: Position,
    /// Each typing user and when that ends, in unix milliseconds.
    pub until_ms: BTreeMap<UserSid, u64>,
}

/// A user's presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceRow {
    /// When the row last changed.
    pub position: Position,
    /// Online, unavailable or offline.
    pub state: PresenceState,
    /// The status message.
    pub status: Option<String>,
    /// When the user was last active, in unix milliseconds.
    pub last_active_ms: u64,
    /// Whether the user is active right now.
    pub currently_active: bool,
    /// When another server told of it, in unix milliseconds; nothing for users of this server.
    pub told_ms: Option<u64>,
}

/// The three states of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceState {
    /// Connected.
    Online,
    /// Connected and away.
    Unavailable,
    /// Not connected.
    Offline,
}

impl PresenceState {
    /// The word of the specification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Unavailable => "unavailable",
            Self::Offline => "offline",
        }
    }

    /// The state that a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "online" => Self::Online,
            "unavailable" => Self::Unavailable,
            "offline" => Self::Offline,
            _ => return None,
        })
    }
}

impl Live {
    /// Who is typing in a room, if anybody did since the server started.
    pub fn typing(&self, room: RoomSid) -> Option<TypingRow> {
        self.typing.read().get(&room).cloned()
    }

    /// Changes a room's row under its lock.
    pub fn change_typing<R>(&self, room: RoomSid, change: impl FnOnce(&mut TypingRow) -> R) -> R {
        change(self.typing.write().entry(room).or_default())
    }

    /// The rooms in which somebody's typing ends before `now_ms`.
    pub fn typing_ended(&self, now_ms: u64) -> Vec<RoomSid> {
        let typing = self.typing.read();
        let ended = |row: &TypingRow| row.until_ms.values().any(|until_ms| *until_ms <= now_ms);
        typing.iter().filter(|(_, row)| ended(row)).map(|(room, _)| *room).collect()
    }

    /// A user's presence, if it was heard of since the server started.
    pub fn presence(&self, user: UserSid) -> Option<PresenceRow> {
        self.presence.read().get(&user).cloned()
    }

    /// Sets a user's presence.
    pub fn set_presence(&self, user: UserSid, row: PresenceRow) {
        self.presence.write().insert(user, row);
    }

    /// Notes that a user is still here, which nobody needs to hear of.
    pub fn note_active(&self, user: UserSid, now_ms: u64) {
        if let Some(row) = self.presence.write().get_mut(&user) {
            row.last_active_ms = now_ms;
        }
    }

    /// The users whose presence is like this.
    pub fn presence_where(&self, like: impl Fn(&PresenceRow) -> bool) -> Vec<(UserSid, PresenceRow)> {
        let presence = self.presence.read();
        presence.iter().filter(|(_, row)| like(row)).map(|(user, row)| (*user, row.clone())).collect()
    }

    /// Forgets the presence that is like this.
    pub fn forget_presence(&self, like: impl Fn(&PresenceRow) -> bool) {
        self.presence.write().retain(|_, row| !like(row));
    }

    /// Of how many users the presence is known.
    pub fn presence_count(&self) -> usize {
        self.presence.read().len()
    }

    /// The users whose presence changed behind `since`.
    pub fn presence_since(&self, since: Position) -> Vec<(UserSid, PresenceRow)> {
        self.presence_where(|row| row.position > since)
    }
}
