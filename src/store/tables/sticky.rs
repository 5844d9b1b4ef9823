//! `sticky_events`, `sticky_stream`, `sticky_refused`: events that everybody in a room is to get for some time, wherever
//! the timeline has gone meanwhile. Rows whose time is over are swept away; until then readers pass over them.

use kith_kv::{Direction, Read};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Txn,
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid},
    table::Table,
};

/// `event → until when it is sticky, and where that stands`. Written with the event.
pub static STICKY_EVENTS: Table<EventSid, StickyRecord> = Table::new(families::STICKY_EVENTS);
/// `(room, position) → the event`: in the order in which clients are told.
pub static STICKY_STREAM: Table<(RoomSid, Position), StickyRow> = Table::new(families::STICKY_STREAM);
/// `(room, event) → until when`: events that the room's state did not allow when they came, and may allow yet.
pub static STICKY_REFUSED: Table<(RoomSid, EventSid), u64> = Table::new(families::STICKY_REFUSED);

/// An event that is sticky.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StickyRecord {
    /// Until when, in unix milliseconds.
    pub until_ms: u64,
    /// Its place in `sticky_stream`.
    pub position: Position,
}
record!(StickyRecord, 1);

/// A row of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StickyRow {
    /// The event.
    pub event: EventSid,
    /// Until when it is sticky, in unix milliseconds.
    pub until_ms: u64,
}
record!(StickyRow, 1);

/// Makes an event sticky.
pub fn put(txn: &mut Txn, room: RoomSid, event: EventSid, position: Position, until_ms: u64) {
    STICKY_EVENTS.put(&mut txn.batch, &event, &StickyRecord { until_ms, position });
    STICKY_STREAM.put(&mut txn.batch, &(room, position), &StickyRow { event, until_ms });
}

/// Makes it an event like any other.
pub fn delete(txn: &mut Txn, room: RoomSid, event: EventSid, position: Position) {
    STICKY_EVENTS.delete(&mut txn.batch, &event);
    STICKY_STREAM.delete(&mut txn.batch, &(room, position));
}

/// The sticky events of a room behind `since` and up to `until`, the newest first.
pub fn newest<'a>(
    read: &'a dyn Read,
    room: RoomSid,
    since: Position,
    until: Position,
    now_ms: u64,
) -> impl Iterator<Item = Result<(Position, EventSid), Error>> + 'a {
    let rows = STICKY_STREAM.range(read, &(room, since.next()), &(room, until.next()), Direction::Backward);
    rows.filter_map(move |row| match row {
        Ok(((_, position), row)) => (row.until_ms > now_ms).then_some(Ok((position, row.event))),
        Err(error) => Some(Err(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn golden_bytes() {
        let record = StickyRecord { until_ms: 9, position: Position(7) };
        assert_eq!(record.to_bytes(), [1, 9, 7]);
        let row = StickyRow { event: EventSid(4), until_ms: 9 };
        assert_eq!(row.to_bytes(), [1, 4, 9]);
        assert_eq!(StickyRow::decode(&row.to_bytes()), Some(row));
    }
}
