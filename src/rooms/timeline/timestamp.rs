//! The event closest to a date. Where a gap may hide a closer one, servers in the room are asked.

use std::{sync::Arc, time::Duration};

use kith_store::{
    Direction, Error, EventSid, Read,
    tables::{edges::BACKWARD_EDGES, events::get_meta, rooms::TIMESTAMPS},
};
use ruma::{OwnedEventId, OwnedRoomId, RoomId};

use crate::{ReadError, Rooms, viewer::Viewer};

/// How many events are looked at for one that the viewer may see.
const EVENTS_LOOKED_AT_MAX: usize = 4_000;
/// How many are judged at a time.
const BATCH_EVENTS: usize = 64;
/// How many of the gaps in a room's history are looked at.
const EDGES_LOOKED_AT_MAX: usize = 100;
/// How long others are asked, in milliseconds, before the closest event here has to do.
const ASKING_MS_MAX: u64 = 20_000;

/// A date, and on which side of it an event is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The date, in milliseconds.
    pub timestamp_ms: u64,
    /// Forward: the first event at it or after; backward: the last one at it or before.
    pub direction: Direction,
}

/// An event found by its date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The event.
    pub event_id: OwnedEventId,
    /// When it says it was sent, in milliseconds.
    pub timestamp_ms: u64,
}

impl Moment {
    /// Whether an event of one time is closer to what is wanted than one of another, or wanted at all.
    pub(crate) fn is_closer(self, timestamp_ms: u64, than_ms: Option<u64>) -> bool {
        match self.direction {
            Direction::Forward => {
                timestamp_ms >= self.timestamp_ms && than_ms.is_none_or(|than| timestamp_ms < than)
            }
            Direction::Backward => {
                timestamp_ms <= self.timestamp_ms && than_ms.is_none_or(|than| timestamp_ms > than)
            }
        }
    }

    /// Whether the gap below an event of this time may hide one that is closer than the closest one here: what it
    /// hides is older than what stands above it.
    fn may_be_hidden_below(self, edge_ms: u64, here_ms: Option<u64>) -> bool {
        match self.direction {
            Direction::Forward => edge_ms > self.timestamp_ms && here_ms.is_none_or(|here| edge_ms <= here),
            Direction::Backward => here_ms.is_none_or(|here| edge_ms > here),
        }
    }
}

impl Rooms {
    /// `/timestamp_to_event`, over gaps: a closer event that others have gets its place in the room first.
    pub async fn event_by_timestamp_over_gaps(
        self: &Arc<Self>,
        room_id: OwnedRoomId,
        viewer: Viewer,
        moment: Moment,
    ) -> Result<Found, ReadError> {
        let rooms = Arc::clone(self);
        let looking = Arc::new((room_id, viewer));
        let look = {
            let looking = Arc::clone(&looking);
            move || {
                let (room_id, viewer) = &*looking;
                rooms.event_by_timestamp(&*rooms.store.read(), room_id, viewer, moment)
            }
        };
        let rooms = Arc::clone(self);
        let here = self.tasks.blocking({
            let (look, looking) = (look.clone(), Arc::clone(&looking));
            move || {
                let found = match look() {
                    Ok(found) => Some(found),
                    Err(ReadError::NotFound(_)) => None,
                    Err(error) => return Err(error),
                };
                let here_ms = found.as_ref().map(|found| found.timestamp_ms);
                let may_be_hidden = rooms.is_anything_hidden(&looking.0, moment, here_ms)?;
                Ok((found, may_be_hidden))
            }
        });
        let (found, may_be_hidden) = here.await?;
        let here_ms = found.as_ref().map(|found| found.timestamp_ms);
        if may_be_hidden {
            let asking = Box::pin(self.fetch_by_timestamp(&looking.0, moment, here_ms));
            match tokio::time::timeout(Duration::from_millis(ASKING_MS_MAX), asking).await {
                // What has a place now is found as anything else is, if the viewer may see it.
                Ok(Ok(true)) => return self.tasks.blocking(look).await,
                Ok(Ok(false)) | Err(_) => {}
                Ok(Err(error)) => {
                    tracing::debug!(room_id = %looking.0, %error, "nobody finds a closer event")
                }
            }
        }
        found.ok_or(ReadError::NotFound("event near that time"))
    }

    fn is_anything_hidden(
        &self,
        room_id: &RoomId,
        moment: Moment,
        here_ms: Option<u64>,
    ) -> Result<bool, Error> {
        let Some(room) = self.store.ids().find_room(room_id)? else { return Ok(false) };
        let engine = self.store.engine();
        let rows = BACKWARD_EDGES.scan(engine, &room, Direction::Backward);
        for row in rows.take(EDGES_LOOKED_AT_MAX) {
            let ((_, _, edge), ()) = row?;
            if moment.may_be_hidden_below(get_meta(engine, edge)?.timestamp_ms, here_ms) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `/timestamp_to_event` as far as this server knows.
    pub fn event_by_timestamp(
        &self,
        read: &dyn Read,
        room_id: &RoomId,
        viewer: &Viewer,
        moment: Moment,
    ) -> Result<Found, ReadError> {
        let view = self.enter(read, room_id, viewer)?;
        let Moment { timestamp_ms, direction } = moment;
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
