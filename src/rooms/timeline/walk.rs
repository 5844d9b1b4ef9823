//! Walking through a stretch of a room in either direction, over whatever is hidden, for a bounded time.

use kith_store::{Direction, Error, EventSid, tables::rooms::TOPOLOGY};

use super::Span;
use crate::{filter::RoomEventFilter, render::Shown, tokens::Place, visibility::RoomView};

/// How many events one request looks at, shown or not.
const EVENTS_LOOKED_AT_MAX: usize = 4_000;
/// How many events are judged at a time, at least and at most.
const BATCH_EVENTS_MIN: usize = 16;
const BATCH_EVENTS_MAX: usize = 128;

/// Where to walk, and for what.
pub(crate) struct Walk<'a> {
    pub(crate) span: Span,
    pub(crate) direction: Direction,
    pub(crate) limit: usize,
    pub(crate) filter: &'a RoomEventFilter,
}

/// What a walk brought home.
pub(crate) struct Walked {
    /// The events, in the direction of the walk.
    pub(crate) shown: Vec<Shown>,
    /// The gap from which to go on. Absent if nothing was found and nothing is left; a walk that found something may
    /// find out only the next time that it was the last.
    pub(crate) next: Option<Place>,
}

impl RoomView<'_> {
    pub(crate) fn walk(&self, walk: &Walk<'_>) -> Result<Walked, Error> {
        let Span { lower, upper, .. } = walk.span;
        let mut walked = Walked { shown: Vec::new(), next: None };
        if lower >= upper || walk.filter.allows_nothing() {
            return Ok(walked);
        }
        let from = (self.room, lower.depth, lower.order);
        let to = (self.room, upper.depth, upper.order);
        let mut rows = TOPOLOGY.range(self.read, &from, &to, walk.direction);
        let mut looked_at = 0;
        // Where the walk stands: everything on this side of it has been looked at.
        let mut reached = None;
        while walked.shown.len() < walk.limit && looked_at < EVENTS_LOOKED_AT_MAX {
            let wanted = walk.limit - walked.shown.len();
            let mut batch = Vec::new();
            for row in rows.by_ref().take(wanted.clamp(BATCH_EVENTS_MIN, BATCH_EVENTS_MAX)) {
                let ((_, depth, order), event) = row?;
                batch.push((Place { depth, order }, event));
            }
            if batch.is_empty() {
                walked.next = if walked.shown.is_empty() { None } else { reached };
                return Ok(walked);
            }
            looked_at += batch.len();
            reached = self.sift(&batch, walk, &mut walked.shown)?;
        }
        // With a limit of nothing the walk has not moved.
        walked.next = reached.or(Some(match walk.direction {
            Direction::Backward => upper,
            Direction::Forward => lower,
        }));
        Ok(walked)
    }

    /// Adds what may be shown and passes the filter, until the limit is reached; gives the gap behind the last event
    /// that was looked at.
    fn sift(
        &self,
        batch: &[(Place, EventSid)],
        walk: &Walk<'_>,
        shown: &mut Vec<Shown>,
    ) -> Result<Option<Place>, Error> {
        let events: Vec<EventSid> = batch.iter().map(|(_, event)| *event).collect();
        let seen = self.look(&events)?;
        let in_span = seen.into_iter().flatten().filter(|seen| walk.span.holds(&seen.meta));
        let candidates = self.load(in_span.collect())?;
        let mut reached = batch.last().map(|(place, _)| *place);
        for candidate in candidates {
            if !self.rooms.matches_filter(self.read, walk.filter, candidate.seen.event, &candidate.pdu)? {
                continue;
            }
            let place =
                batch.iter().find(|(_, event)| *event == candidate.seen.event).map(|(place, _)| *place);
            shown.push(candidate);
            if shown.len() == walk.limit {
                reached = place;
                break;
            }
        }
        Ok(reached.map(|place| match walk.direction {
            Direction::Backward => place,
            Direction::Forward => place.above(),
        }))
    }
}
