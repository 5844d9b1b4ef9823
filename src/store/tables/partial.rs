//! `partial_rooms`, `partial_events`: rooms that were joined with a part of their state, and what happened there before
//! the rest came.

use kith_kv::Read;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, ServerSid, StateKeySid},
    table::Table,
};

/// `room → how it was joined, and whether the rest of its state has come`.
pub static PARTIAL_ROOMS: Table<RoomSid, PartialRoom> = Table::new(families::PARTIAL_ROOMS);
/// `(room, event) → ()`: events that got their place while the state of their room was not wholly known: their states
/// and verdicts are made anew when it is.
pub static PARTIAL_EVENTS: Table<(RoomSid, EventSid), ()> = Table::new(families::PARTIAL_EVENTS);

/// A room that was joined without most of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialRoom {
    /// The event with which this server came in.
    pub join: EventSid,
    /// The server that let it in.
    pub via: ServerSid,
    /// When the rest of the state had come. The row stays, because clients that were away have to be told.
    pub completed: Option<Completed>,
}
record!(PartialRoom, 1);

/// That the whole state of a room became known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    /// When.
    pub position: Position,
    /// Entries of the state, other than remote members, that had been told wrongly before.
    pub corrected: Vec<StateKeySid>,
}

/// The row of a room whose state is not wholly known.
pub fn find_partial(read: &dyn Read, room: RoomSid) -> Result<Option<PartialRoom>, Error> {
    Ok(PARTIAL_ROOMS.get(read, &room)?.filter(|partial| partial.completed.is_none()))
}
