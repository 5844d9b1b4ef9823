//! `outside`: what this server was told of rooms that it is not in, by invites and knocks of its users.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{RoomSid, UserSid},
    table::Table,
};

/// `(room, user) → the member event and who knows the room`, while the user is invited or has knocked and this server
/// is not in the room.
pub static OUTSIDE: Table<(RoomSid, UserSid), OutsideRecord> = Table::new(families::OUTSIDE);

/// What came with an invite, or with the answer to a knock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideRecord {
    /// The room version's id.
    pub version: String,
    /// The member event as it was signed, as canonical JSON.
    pub event: String,
    /// Servers that are in the room, as far as is known: whom to ask about it.
    pub via: Vec<String>,
}
record!(OutsideRecord, 1);
