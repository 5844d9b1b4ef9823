//! `relations`, `threads`, `thread_order`, `thread_participants`: which event speaks of which, and the threads of a room.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, UserSid},
    table::Table,
};

/// `(parent, depth, order, child) → what the child is`: an event's children in topological order.
pub static RELATIONS: Table<(EventSid, u64, i64, EventSid), RelationRecord> = Table::new(families::RELATIONS);
/// `thread root → the thread's summary`.
pub static THREADS: Table<EventSid, ThreadRecord> = Table::new(families::THREADS);
/// `(room, position of the newest event, thread root) → ()`: a room's threads by activity.
pub static THREAD_ORDER: Table<(RoomSid, Position, EventSid), ()> = Table::new(families::THREAD_ORDER);

/// `(thread root, user) → how many events of the thread are the user's`.
pub static THREAD_PARTICIPANTS: Table<(EventSid, UserSid), u64> = Table::new(families::THREAD_PARTICIPANTS);

/// One relation, from the parent's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationRecord {
    /// `rel_type`.
    pub rel_type: String,
    /// The child's event type.
    pub kind: String,
    /// The annotation's key, for annotations.
    pub key: Option<String>,
    /// Who sent the child.
    pub sender: UserSid,
}
record!(RelationRecord, 1);

/// What a thread's root shows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadRecord {
    /// The room.
    pub room: RoomSid,
    /// How many events are in the thread, the root not counted.
    pub count: u64,
    /// The newest of them.
    pub latest: EventSid,
    /// Its position.
    pub position: Position,
    /// How many countable events the thread has had.
    pub countable: u64,
}
record!(ThreadRecord, 1);
