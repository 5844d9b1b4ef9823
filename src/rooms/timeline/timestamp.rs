//! The event closest to a date.

use kith_store::{Direction, EventSid, Read, tables::rooms::TIMESTAMPS};
use ruma::{OwnedEventId, RoomId};

use crate::{ReadError, Rooms, viewer::Viewer};

/// How many events are looked at for one that the viewer may see.
const EVENTS_LOOKED_AT_MAX: usize = 4_000;
/// How many are judged at a time.
const BATCH_EVENTS: usize = 64;

/// An event found by its date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The event.
    pub event_id: OwnedEventId,
    /// When it says it was sent, in milliseconds.
    pub timestamp_ms: u64,
}

impl Rooms {
    /// `/timestamp_to_event`: the first event at or after a time, or the last one at or before it.
    pub fn event_by_timestamp(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        timestamp_ms: u64,
        direction: Direction,
    ) -> Result<Found, ReadError> {
        let view = self.enter(read, room_id, viewer)?;
        let (from, to) = match direction {
            Direction::Forward => (timestamp_ms, u64::MAX),
            Direction::Backward => (0, timestamp_ms.saturating_add(1)),
        };
        let (from, to) = ((view.room(), from, i64::MIN), (view.room(), to, i64::MIN));
        let mut rows = TIMESTAMPS.range(read, &from, &to, direction).take(EVENTS_LOOKED_AT_MAX);
        loop {
            let batch: Vec<EventSid> = rows
                .by_ref()
                .take(BATCH_EVENTS)
                .map(|row| row.map(|(_, event)| event))
                .collect::<Result<_, _>>()?;
            if batch.is_empty() {
                return Err(ReadError::NotFound("event near that time"));
            }
            if let Some(seen) = view.look(&batch)?.into_iter().flatten().next() {
                let event_id = self.store.ids().event_id(seen.event)?;
                return Ok(Found { event_id, timestamp_ms: seen.meta.timestamp_ms });
            }
        }
    }
}
