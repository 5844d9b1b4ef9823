//! How many messages a user has not read in all their rooms together: what phones show at the icon.
//!
//! Counted once over all rooms, and then again only for rooms in which something changed.

use std::collections::{HashMap, HashSet};

use kith_store::{Error, RoomSid, UserSid};
use parking_lot::Mutex;
use ruma::UserId;

use crate::Push;

/// The counts of users who were told something lately.
#[derive(Default)]
pub(super) struct Tallies(Mutex<HashMap<UserSid, Tally>>);

#[derive(Default)]
struct Tally {
    /// Every room has been counted.
    complete: bool,
    /// Rooms with unread messages, and how many.
    unread: HashMap<RoomSid, u64>,
    /// Rooms that have to be counted again.
    touched: HashSet<RoomSid>,
}

impl Tallies {
    /// What a user has not read in a room may have changed.
    pub(super) fn touch(&self, user: UserSid, room: RoomSid) {
        if let Some(tally) = self.0.lock().get_mut(&user) {
            tally.touched.insert(room);
        }
    }

    /// What a user has not read may have changed everywhere, or the user has no pusher any more.
    pub(super) fn forget(&self, user: UserSid) {
        self.0.lock().remove(&user);
    }

    /// Forgets everybody.
    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }

    /// The rooms that have to be counted; none: all of them.
    fn take_touched(&self, user: UserSid) -> Option<HashSet<RoomSid>> {
        let mut tallies = self.0.lock();
        let tally = tallies.entry(user).or_default();
        let touched = std::mem::take(&mut tally.touched);
        tally.complete.then_some(touched)
    }

    fn put(&self, user: UserSid, counted: &[(RoomSid, u64)]) -> u64 {
        let mut tallies = self.0.lock();
        let tally = tallies.entry(user).or_default();
        tally.complete = true;
        for (room, unread) in counted {
            tally.unread.insert(*room, *unread);
        }
        tally.unread.retain(|_, unread| *unread > 0);
        tally.unread.values().sum()
    }
}

impl Push {
    /// How many messages a user has not read.
    pub(super) fn count_unread(&self, user: UserSid, user_id: &UserId) -> Result<u64, Error> {
        let rooms = match self.delivery.tallies.take_touched(user) {
            Some(touched) => touched.into_iter().collect(),
            None => self.rooms.joined_rooms(user)?,
        };
        let view = self.store.read();
        let until = self.store.visible();
        let mut counted = Vec::with_capacity(rooms.len());
        for room in rooms {
            let unread = self.unread(&*view, user, user_id, room, until)?.total().notifications;
            counted.push((room, unread));
        }
        Ok(self.delivery.tallies.put(user, &counted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rooms_that_changed_are_counted_again() {
        let (tallies, user) = (Tallies::default(), UserSid(1));
        assert_eq!(tallies.take_touched(user), None);
        // What changes while all rooms are counted is counted once more.
        tallies.touch(user, RoomSid(1));
        assert_eq!(tallies.put(user, &[(RoomSid(1), 2), (RoomSid(2), 3), (RoomSid(3), 0)]), 5);
        assert_eq!(tallies.take_touched(user), Some(HashSet::from([RoomSid(1)])));
        assert_eq!(tallies.put(user, &[(RoomSid(1), 0)]), 3);
        assert_eq!(tallies.take_touched(user), Some(HashSet::new()));
        tallies.forget(user);
        assert_eq!(tallies.take_touched(user), None);
    }
}
