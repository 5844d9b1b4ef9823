//! `aliases`, `room_aliases`, `published`: the names of rooms, and which rooms the directory shows.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{RoomSid, UserSid},
    table::Table,
};

/// `alias → the room it names`, for aliases of this server.
pub static ALIASES: Table<String, AliasRecord> = Table::new(families::ALIASES);
/// `(room, alias) → ()`.
pub static ROOM_ALIASES: Table<(RoomSid, String), ()> = Table::new(families::ROOM_ALIASES);
/// `(network, room) → ()`: the rooms in the directory. The empty network is the server's own list; application
/// services publish in lists of their own.
pub static PUBLISHED: Table<(String, RoomSid), ()> = Table::new(families::PUBLISHED);

/// What an alias stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// The room.
    pub room: RoomSid,
    /// Who made the alias.
    pub creator: UserSid,
}
record!(AliasRecord, 1);
