//! Making the index: a walk over every room's order of events, a stretch at a time.

use kith_store::{Direction, Error, EventSid, RoomSid, tables::rooms::TOPOLOGY};

use crate::Search;

/// How many events one stretch has.
const STRETCH_EVENTS: usize = 500;

/// Some events, and where the next ones begin.
pub(crate) struct Stretch {
    pub(crate) events: Vec<EventSid>,
    pub(crate) next: Option<(RoomSid, u64, i64)>,
}

impl Search {
    pub(crate) fn stretch(&self, from: (RoomSid, u64, i64)) -> Result<Stretch, Error> {
        let mut stretch = Stretch { events: Vec::new(), next: None };
        let rows = TOPOLOGY.range(self.store.engine(), &from, &RoomSid(u64::MAX), Direction::Forward);
        for row in rows.take(STRETCH_EVENTS) {
            let ((room, depth, order), event) = row?;
            stretch.events.push(event);
            stretch.next = Some((room, depth, order.saturating_add(1)));
        }
        if stretch.events.len() < STRETCH_EVENTS {
            stretch.next = None;
        }
        Ok(stretch)
    }
}
