//! One at a time fetches for a room what is missing there: often many events wait for the same one, and whoever comes
//! after finds it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use kith_store::RoomSid;
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// How many events of one room may wait for their turn to fetch.
const FETCH_WAITERS_MAX: usize = 100;
/// How long one waits for one's turn, in milliseconds.
const FETCH_WAIT_MS: u64 = 120_000;

/// Whose turn it is, by room. A room is listed only while somebody fetches or waits.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<RoomSid, Arc<AsyncMutex<()>>>>);

/// The turn of one event, or its place in the queue.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    room: RoomSid,
    guard: Option<OwnedMutexGuard<()>>,
}

/// Too many wait, or the wait took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded;

impl Turns {
    /// Waits for the turn to fetch for a room.
    pub(super) async fn take(&self, room: RoomSid) -> Result<Turn<'_>, Crowded> {
        let turn = {
            let mut rooms = self.0.lock();
            let turn = Arc::clone(rooms.entry(room).or_default());
            // One is the list's own, one is this.
            if Arc::strong_count(&turn) > FETCH_WAITERS_MAX + 2 {
                return Err(Crowded);
            }
            turn
        };
        // Made before waiting, so that whoever gives up leaves no trace.
        let mut place = Turn { turns: self, room, guard: None };
        let waiting = tokio::time::timeout(Duration::from_millis(FETCH_WAIT_MS), turn.lock_owned());
        place.guard = Some(waiting.await.map_err(|_| Crowded)?);
        Ok(place)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut rooms = self.turns.0.lock();
        drop(self.guard.take());
        if rooms.get(&self.room).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            rooms.remove(&self.room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_left() {
        let turns = Turns::default();
        let first = turns.take(RoomSid(1)).await.expect("free");
        let other = turns.take(RoomSid(2)).await.expect("another room");
        {
            let second = turns.take(RoomSid(1));
            tokio::pin!(second);
            assert!(futures_util::poll!(&mut second).is_pending());
            drop(first);
            drop(second.await.expect("its turn"));
        }
        drop(other);
        assert!(turns.0.lock().is_empty());
    }

    #[tokio::test]
    async fn who_gives_up_leaves_no_trace() {
        let turns = Turns::default();
        let first = turns.take(RoomSid(1)).await.expect("free");
        {
            let second = turns.take(RoomSid(1));
            tokio::pin!(second);
            assert!(futures_util::poll!(&mut second).is_pending());
        }
        drop(first);
        assert!(turns.0.lock().is_empty());
    }
}
