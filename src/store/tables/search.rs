//! `search_pending`, `directory_entries`, `directory_words`: what the index of messages has to look at again, and the
//! user directory.
//!
//! The index of messages itself is no table: it lives beside the storage engine and can be made from the tables again.

use kith_kv::Batch;
use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, RoomSid, UserSid},
    table::Table,
};

/// `(kind, number, cause) → ()`: what the index of messages has to look at again, beside what arrives in the stream. The
/// cause tells rows apart that say the same for different reasons: one that is added while another is dealt with is not
/// lost with it.
pub static SEARCH_PENDING: Table<(u8, u64, u64), ()> = Table::new(families::SEARCH_PENDING);
/// `user → how the user is listed`.
pub static DIRECTORY_ENTRIES: Table<UserSid, DirectoryEntry> = Table::new(families::DIRECTORY_ENTRIES);
/// `(word, order, user) → ()`: the words by which users are found; of those with the same word, users who have a name
/// and a picture come first.
pub static DIRECTORY_WORDS: Table<(String, u8, UserSid), ()> = Table::new(families::DIRECTORY_WORDS);

const EVERYTHING: u8 = 0;
const EVENT: u8 = 1;
const SENDER: u8 = 2;
const ROOM: u8 = 3;

/// Something that the index of messages has to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The index is to be made anew.
    Everything,
    /// The event came as history, lost its content, or is gone. The other event, if any, is the cause.
    Event(EventSid, EventSid),
    /// The user was erased.
    Sender(UserSid),
    /// The room is gone.
    Room(RoomSid),
}

impl Pending {
    /// What a row says; none for kinds of a later version.
    pub fn of((kind, number, cause): (u8, u64, u64)) -> Option<Self> {
        Some(match kind {
            EVERYTHING => Self::Everything,
            EVENT => Self::Event(EventSid(number), EventSid(cause)),
            SENDER => Self::Sender(UserSid(number)),
            ROOM => Self::Room(RoomSid(number)),
            _ => return None,
        })
    }

    /// Notes it, in the transaction that gives cause for it.
    pub fn note(self, batch: &mut Batch) {
        let key = match self {
            Self::Everything => (EVERYTHING, 0, 0),
            Self::Event(event, cause) => (EVENT, event.0, cause.0),
            Self::Sender(user) => (SENDER, user.0, 0),
            Self::Room(room) => (ROOM, room.0, 0),
        };
        SEARCH_PENDING.put(batch, &key, &());
    }
}

/// How a user is listed in the user directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// The display name.
    pub display_name: Option<String>,
    /// The avatar.
    pub avatar_url: Option<String>,
    /// The words of `directory_words` that lead here.
    pub words: Vec<String>,
    /// The order among those with the same word.
    pub order: u8,
}
record!(DirectoryEntry, 1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    #[test]
    fn golden_bytes() {
        let key = [1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2];
        assert_eq!((EVENT, 7_u64, 2_u64).to_bytes(), key);
        assert_eq!(Pending::of((EVENT, 7, 2)), Some(Pending::Event(EventSid(7), EventSid(2))));
        assert_eq!(Pending::of((SENDER, 3, 0)), Some(Pending::Sender(UserSid(3))));
        assert_eq!(Pending::of((9, 3, 0)), None);
        assert_eq!(
            ("tea".to_owned(), 1_u8, UserSid(2)).to_bytes(),
            [b't', b'e', b'a', 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2]
        );
    }
}
