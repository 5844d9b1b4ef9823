//! `rooms`, `room_heads`, `timeline`, `topology`, `timestamps`: what a room is, where it stands now, and the orders of its events.

use kith_kv::Read;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid},
    state::StateRoot,
    table::Table,
};

/// `room → what never or seldom changes`.
pub static ROOMS: Table<RoomSid, RoomRecord> = Table::new(families::ROOMS);
/// `room → where it stands now`; written by every event.
pub static ROOM_HEADS: Table<RoomSid, Heads> = Table::new(families::ROOM_HEADS);
/// `(room, position) → event`: stream order, the order of arrival; `/sync` reads it.
pub static TIMELINE: Table<(RoomSid, Position), EventSid> = Table::new(families::TIMELINE);
/// `(room, depth, order) → event`: topological order; `/messages` reads it.
pub static TOPOLOGY: Table<(RoomSid, u64, i64), EventSid> = Table::new(families::TOPOLOGY);
/// `(room, origin_server_ts, order) → event`: for `/timestamp_to_event`.
pub static TIMESTAMPS: Table<(RoomSid, u64, i64), EventSid> = Table::new(families::TIMESTAMPS);

/// A room that this server knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRecord {
    /// The room version's id.
    pub version: String,
    /// The create event.
    pub create: EventSid,
    /// An operator forbids joining.
    pub blocked: bool,
}
record!(RoomRecord, 1);

/// Where a room stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// The forward extremities: accepted events that no other accepted event names as previous.
    pub extremities: Vec<EventSid>,
    /// The current state.
    pub state: StateRoot,
    /// The highest depth in the room.
    pub depth: u64,
    /// The position of the newest event.
    pub position: Position,
    /// The lowest `order` given to a backfilled event.
    pub oldest_order: i64,
    /// How many members are joined.
    pub joined: u64,
    /// How many members are invited.
    pub invited: u64,
    /// How many events so far count as unread for somebody who has not read them.
    pub countable: u64,
    /// The same, of the main timeline only (events in no thread).
    pub countable_main: u64,
}
record!(Heads, 1);

/// The heads of a room that other rows say exists.
pub fn get_heads(read: &dyn Read, room: RoomSid) -> Result<Heads, Error> {
    ROOM_HEADS
        .get(read, &room)?
        .ok_or_else(|| Error::Missing { table: "room_heads", key: room.0.to_string() })
}
