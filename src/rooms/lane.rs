//! One lane per room: whoever writes a room holds its lane from reading the heads until the batch is written.
//!
//! A lane exists only while somebody holds it or waits for it, so lanes never pile up. The wait is bounded in length
//! and in time. Nobody waits for the disk inside a lane: durability is awaited after leaving it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use kith_store::RoomSid;
use parking_lot::{Condvar, Mutex};

/// How many writers may wait for one room.
const LANE_WAITERS_MAX: usize = 512;
/// How long a writer waits for a room, in milliseconds.
const LANE_WAIT_MS: u64 = 30_000;

/// The lanes that are in use.
#[derive(Default)]
pub(crate) struct Lanes {
    lanes: Mutex<HashMap<RoomSid, Lane>>,
}

#[derive(Default)]
struct Lane {
    next_ticket: u64,
    /// Who holds the lane (the first) and who waits for it, in order of arrival.
    queue: VecDeque<Place>,
}

struct Place {
    ticket: u64,
    /// Wakes whoever stands here, once the place is the first. Each has its own, so that nobody is woken in vain and
    /// the time of a wait is counted as a whole.
    turn: Arc<Condvar>,
}

impl Lane {
    fn is_held_by(&self, ticket: u64) -> bool {
        self.queue.front().is_some_and(|place| place.ticket == ticket)
    }
}

/// The right to write one room, until it is dropped.
pub(crate) struct LaneGuard<'a> {
    lanes: &'a Lanes,
    room: RoomSid,
    ticket: u64,
}

/// Too many writers wait for the room, or the wait took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the room is too busy")]
pub struct Busy;

impl Lanes {
    /// Waits for the room's lane.
    ///
    /// A thread that holds a lane may only enter that of a room nobody else knows yet: that is what keeps lanes free
    /// of deadlocks.
    pub(crate) fn enter(&self, room: RoomSid) -> Result<LaneGuard<'_>, Busy> {
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(room).or_default();
        if lane.queue.len() > LANE_WAITERS_MAX {
            return Err(Busy);
        }
        let ticket = lane.next_ticket;
        lane.next_ticket += 1;
        let turn = Arc::new(Condvar::new());
        lane.queue.push_back(Place { ticket, turn: Arc::clone(&turn) });
        // Dropped on the way out by an error, the guard gives the place in the queue up.
        let guard = LaneGuard { lanes: self, room, ticket };
        while lanes.get(&room).is_some_and(|lane| !lane.is_held_by(ticket)) {
            if turn.wait_for(&mut lanes, Duration::from_millis(LANE_WAIT_MS)).timed_out() {
                drop(lanes);
                drop(guard);
                return Err(Busy);
            }
        }
        Ok(guard)
    }
}

impl Drop for LaneGuard<'_> {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lanes.lock();
        if let Some(lane) = lanes.get_mut(&self.room) {
            lane.queue.retain(|place| place.ticket != self.ticket);
            match lane.queue.front() {
                None => drop(lanes.remove(&self.room)),
                Some(next) => drop(next.turn.notify_one()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn a_lane_holds_one_at_a_time_and_vanishes_afterwards() {
        let lanes = Lanes::default();
        let (inside, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let guard = lanes.enter(RoomSid(1)).expect("the queue is short");
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(guard);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert!(lanes.lanes.lock().is_empty());
    }

    #[test]
    fn different_rooms_do_not_wait_for_each_other() {
        let lanes = Lanes::default();
        let _one = lanes.enter(RoomSid(1)).expect("free");
        let _two = lanes.enter(RoomSid(2)).expect("free");
        assert_eq!(lanes.lanes.lock().len(), 2);
    }
}
