//! `mentions`: which events mention a local user, so that a highlight is found however far back it lies.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, UserSid},
    table::Table,
};

/// `(user, room, position) → the mention`. Written with the event.
pub static MENTIONS: Table<(UserSid, RoomSid, Position), Mention> = Table::new(families::MENTIONS);

/// The room-wide mention stands under this user: everybody in the room is meant. Users are numbered from 1.
pub const EVERYBODY: UserSid = UserSid(0);

/// One mention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The event that mentions.
    pub event: EventSid,
    /// The thread it is in.
    pub thread: Option<EventSid>,
}
record!(Mention, 1);
