//! The event closest to a date, for another server.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1timestamp_to_eventroomid>

use kith_store::{
    Direction, EventSid, Read,
    tables::{events::EVENT_META, rooms::TIMESTAMPS},
};
use ruma::{RoomId, ServerName};

use super::{ServeError, visibility::Share};
use crate::{Rooms, timeline::Found};

/// How many events are looked at for one that the server may see.
const EVENTS_LOOKED_AT_MAX: usize = 4_000;
/// How many are judged at a time.
const BATCH_EVENTS: usize = 64;

impl Rooms {
    /// `/timestamp_to_event`: the first event at or after a time, or the last one at or before it.
    pub fn serve_event_by_timestamp(
        &self,
        read: &dyn Read,
        server: &ServerName,
        room_id: &RoomId,
        timestamp_ms: u64,
        direction: Direction,
    ) -> Result<Found, ServeError> {
        let served = self.serve(read, server, room_id)?;
        let (from, to) = match direction {
            Direction::Forward => (timestamp_ms, u64::MAX),
            Direction::Backward => (0, timestamp_ms.saturating_add(1)),
        };
        let (from, to) = ((served.room.sid, from, i64::MIN), (served.room.sid, to, i64::MIN));
        let mut rows = TIMESTAMPS.range(read, &from, &to, direction).take(EVENTS_LOOKED_AT_MAX);
        loop {
            let batch: Vec<EventSid> = rows
                .by_ref()
                .take(BATCH_EVENTS)
                .map(|row| row.map(|(_, event)| event))
                .collect::<Result<_, _>>()?;
            if batch.is_empty() {
                return Err(ServeError::NotFound("event near that time"));
            }
            for (event, meta) in batch.iter().zip(EVENT_META.get_many(read, &batch)?) {
                if let Some(meta) = meta
                    && served.share_of(*event, &meta)? == Some(Share::Whole)
                {
                    let event_id = self.store.ids().event_id(*event)?;
                    return Ok(Found { event_id, timestamp_ms: meta.timestamp_ms });
                }
            }
        }
    }
}
