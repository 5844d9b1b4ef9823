//! `sliding_connections` and `sliding_rooms`: what each sliding-sync connection of a device has been told.
//!
//! A connection keeps two steps: the one that the client has surely received, and the answer after it, which counts
//! only once the client comes back with its token. Losing a row costs the client a start from the beginning.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{Position, RoomSid, UserSid},
    table::Table,
};

/// `(user, device id, connection id) → the connection`.
pub static SLIDING_CONNECTIONS: Table<(UserSid, String, String), SlidingConnection> =
    Table::new(families::SLIDING_CONNECTIONS);
/// `(user, device id, connection id, room) → what the connection has surely been told of the room`.
pub static SLIDING_ROOMS: Table<(UserSid, String, String, RoomSid), ToldRoom> =
    Table::new(families::SLIDING_ROOMS);

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlidingConnection {
    /// A number that no other connection has, not even an earlier one of the same name.
    pub generation: u64,
    /// The step that the client has surely received; 0 is the beginning.
    pub confirmed: Step,
    /// The answer after it.
    pub pending: Option<Pending>,
    /// The sets of required state that rooms were told with, by their number in [`ToldRoom`].
    pub required_states: Vec<Vec<(String, String)>>,
    /// When the client was last here, in unix milliseconds.
    pub used_ms: u64,
}
record!(SlidingConnection, 1);

/// Up to where a client knows what belongs to no room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The number of the answer.
    pub number: u64,
    /// Up to where the answer reached.
    pub until: Position,
    /// Up to where global account data was told, if it was at all.
    pub account_data: Option<Position>,
    /// Up to where changes of devices were told, if they were at all.
    pub device_lists: Option<Position>,
}

/// An answer that may not have arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Where the client is once it has arrived.
    pub step: Step,
    /// What it says of rooms.
    pub rooms: Vec<(RoomSid, ToldRoom)>,
}

/// What a client knows of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRoom {
    /// Up to where events and state were told.
    pub upto: Position,
    /// Up to where receipts, typing notices and account data were told, if they were at all.
    pub extras: Option<Position>,
    /// The largest number of newest events that were asked for.
    pub timeline_limit: u64,
    /// Which required state was told.
    pub required_state: u32,
}
record!(ToldRoom, 1);
