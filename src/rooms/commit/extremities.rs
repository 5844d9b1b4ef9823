//! The forward extremities: the accepted events that no accepted event follows yet.

use std::collections::HashSet;

use kith_store::{Error, EventSid, tables::events::Verdict};

use super::RoomWrite;

/// How many events that were not accepted are walked through to find what they follow.
const PASSED_OVER_MAX: usize = 1_000;

impl RoomWrite<'_> {
    /// An accepted event takes the place of those it follows. Events in between that were not accepted are passed
    /// over: whoever follows them follows what they follow.
    pub(super) fn replace_extremities(&mut self, event: EventSid) -> Result<(), Error> {
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
                && passed_over.len() < PASSED_OVER_MAX
                && passed_over.insert(prev)
            {
                followed.extend(meta.prev);
            }
        }
        self.heads.extremities.retain(|extremity| !replaced.contains(extremity));
        self.heads.extremities.push(event);
        Ok(())
    }
}
