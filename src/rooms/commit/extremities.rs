//! The forward extremities: the accepted events that no accepted event follows yet.

use std::collections::HashSet;

use kith_store::{
    Error, EventSid,
    tables::events::{EventMeta, Verdict},
};

use super::{Arrival, RoomWrite};

/// How many events that were not accepted are walked through to find what they follow.
const PASSED_OVER_MAX: usize = 1_000;

impl RoomWrite<'_> {
    /// An accepted event takes the place of those it follows; it is not the newest itself if what follows it is here
    /// already. Events in between that were not accepted are passed over: whoever follows them follows what they
    /// follow. History is not: which of it is here is a matter of chance.
    pub(super) fn replace_extremities(&mut self, event: EventSid, is_newest: bool) -> Result<(), Error> {
        let mut followed: Vec<EventSid> = self.meta(event)?.prev;
        let mut passed_over = HashSet::new();
        let mut replaced = HashSet::new();
        while let Some(prev) = followed.pop() {
            if self.heads.extremities.contains(&prev) {
                replaced.insert(prev);
                continue;
            }
            let Some(meta) = self.find_meta(prev)? else { continue };
            if meta.verdict != Verdict::Accepted
                && !self.is_history(prev, &meta)
                && passed_over.len() < PASSED_OVER_MAX
                && passed_over.insert(prev)
            {
                followed.extend(meta.prev);
            }
        }
        self.heads.extremities.retain(|extremity| !replaced.contains(extremity));
        if is_newest || self.heads.extremities.is_empty() {
            self.heads.extremities.push(event);
        }
        Ok(())
    }

    fn is_history(&self, event: EventSid, meta: &EventMeta) -> bool {
        match self.index.get(&event) {
            Some(index) => self.events[*index].arrival == Arrival::History,
            None => meta.is_history(),
        }
    }
}
