//! The destinations with something to be told, and how far the changes of this server have been looked at.
//!
//! A destination that keeps up and has heard everything is not here, so this grows with what is going on, and by some
//! bytes with each server that is away.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kith_store::{Position, RoomSid, ServerSid};

use super::queue::{Destination, Passing, Queued};

/// The destinations, under one lock.
#[derive(Default)]
pub(crate) struct Destinations {
    map: HashMap<ServerSid, Destination>,
    /// When destinations that are away are tried again.
    due: BTreeSet<(u64, ServerSid)>,
    /// How far changes have been looked at.
    seen: Position,
    /// The newest outgoing event of rooms for which the table does not have it yet.
    outgoing: BTreeMap<RoomSid, Position>,
}

impl Destinations {
    pub(crate) fn seen(&self) -> Position {
        self.seen
    }

    pub(crate) fn see(&mut self, until: Position) {
        self.seen = until.max(self.seen);
    }

    pub(crate) fn get(&mut self, server: ServerSid) -> Option<&mut Destination> {
        self.map.get_mut(&server)
    }

    /// Something happened that a server is to be told. True if somebody has to begin to deliver to it.
    pub(crate) fn push(&mut self, server: ServerSid, queued: Queued) -> bool {
        let destination = self.map.entry(server).or_insert_with(Destination::in_step);
        destination.push(queued);
        begin(destination)
    }

    /// The same, for what passes: servers that are away are not told.
    pub(crate) fn pass(&mut self, server: ServerSid, add: impl FnOnce(&mut Passing)) -> bool {
        let destination = self.map.entry(server).or_insert_with(Destination::in_step);
        if !destination.accepts() {
            return false;
        }
        add(&mut destination.passing);
        begin(destination)
    }

    /// A server that has a row.
    pub(crate) fn add_behind(&mut self, server: ServerSid, due_ms: u64) {
        self.map.insert(server, Destination::behind());
        self.plan(server, due_ms);
    }

    /// A server is to be tried at a time.
    pub(crate) fn plan(&mut self, server: ServerSid, due_ms: u64) {
        let Some(destination) = self.map.get_mut(&server) else { return };
        if let Some(old) = destination.due_ms.replace(due_ms) {
            self.due.remove(&(old, server));
        }
        self.due.insert((due_ms, server));
    }

    /// The servers whose time has come, to which somebody has to begin to deliver.
    pub(crate) fn take_due(&mut self, now_ms: u64) -> Vec<ServerSid> {
        let later = self.due.split_off(&(now_ms.saturating_add(1), ServerSid(0)));
        let due = std::mem::replace(&mut self.due, later);
        due.into_iter().filter(|(_, server)| self.wake(*server)).map(|(_, server)| server).collect()
    }

    /// When the next server is to be tried.
    pub(crate) fn next_due_ms(&self) -> Option<u64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }

    /// A server can be reached again, or should be tried. True if somebody has to begin to deliver to it.
    pub(crate) fn wake(&mut self, server: ServerSid) -> bool {
        let Some(destination) = self.map.get_mut(&server) else { return false };
        if let Some(due_ms) = destination.due_ms.take() {
            self.due.remove(&(due_ms, server));
        }
        begin(destination)
    }

    /// A server has heard everything.
    pub(crate) fn remove(&mut self, server: ServerSid) {
        if let Some(Destination { due_ms: Some(due_ms), .. }) = self.map.remove(&server) {
            self.due.remove(&(due_ms, server));
        }
    }

    /// Up to here everything is delivered to everybody who has no row, or would be found again.
    pub(crate) fn delivered(&self) -> Position {
        self.map.values().filter_map(Destination::floor).fold(self.seen, Position::min)
    }

    /// Whether somebody is delivering to somebody.
    pub(crate) fn any_running(&self) -> bool {
        self.map.values().any(|destination| destination.running)
    }

    /// Those who have no row although something waits for them and nobody is at it.
    pub(crate) fn waiting(&self) -> Vec<(ServerSid, Position)> {
        let idle = self.map.iter().filter(|(_, destination)| !destination.running);
        idle.filter_map(|(server, destination)| Some((*server, destination.floor()?))).collect()
    }

    /// An event of a room went out.
    pub(crate) fn note_outgoing(&mut self, room: RoomSid, position: Position) {
        let newest = self.outgoing.entry(room).or_default();
        *newest = position.max(*newest);
    }

    /// The newest outgoing events that the table does not have yet.
    pub(crate) fn outgoing(&self) -> &BTreeMap<RoomSid, Position> {
        &self.outgoing
    }

    /// The table has these now.
    pub(crate) fn forget_outgoing(&mut self, written: &BTreeMap<RoomSid, Position>) {
        self.outgoing.retain(|room, position| written.get(room).is_none_or(|written| written < position));
    }

    /// How many destinations wait to hear something, and how many of them are behind.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.map.len(), self.map.values().filter(|destination| destination.has_row()).count())
    }
}

/// Whether somebody has to begin to deliver; who asks does so.
fn begin(destination: &mut Destination) -> bool {
    !std::mem::replace(&mut destination.running, true)
}

#[cfg(test)]
mod tests {
    use kith_store::EventSid;

    use super::*;
    use crate::sender::queue::Item;

    fn event(position: u64) -> Queued {
        Queued { position: Position(position), item: Item::Event(EventSid(position)) }
    }

    #[test]
    fn the_common_cursor_stands_before_the_oldest_thing_nobody_has_a_row_for() {
        let mut destinations = Destinations::default();
        let (quick, slow, away) = (ServerSid(1), ServerSid(2), ServerSid(3));
        destinations.add_behind(away, 0);
        assert!(destinations.push(quick, event(5)));
        assert!(destinations.push(slow, event(5)));
        assert!(!destinations.push(slow, event(6)), "somebody is at it already");
        destinations.push(away, event(5));
        destinations.see(Position(8));
        assert_eq!(destinations.delivered(), Position(4));
        destinations.remove(quick);
        destinations.get(slow).expect("there").delivered(Position(5));
        assert_eq!(destinations.delivered(), Position(5));
        destinations.get(slow).expect("there").delivered(Position(6));
        assert_eq!(destinations.delivered(), Position(8));
        assert_eq!(destinations.counts(), (2, 1));
    }

    #[test]
    fn who_is_away_is_tried_when_the_time_comes_or_when_heard_from() {
        let mut destinations = Destinations::default();
        let (early, late) = (ServerSid(1), ServerSid(2));
        destinations.add_behind(late, 200);
        destinations.add_behind(early, 100);
        assert_eq!(destinations.next_due_ms(), Some(100));
        assert_eq!(destinations.take_due(99), []);
        assert_eq!(destinations.take_due(100), [early]);
        assert!(destinations.wake(late));
        assert!(!destinations.wake(late), "once is enough");
        assert_eq!(destinations.next_due_ms(), None);
    }

    #[test]
    fn what_passes_is_not_kept_for_those_who_are_away() {
        let mut destinations = Destinations::default();
        let (here, away) = (ServerSid(1), ServerSid(2));
        destinations.add_behind(away, 0);
        let presence = |passing: &mut Passing| passing.add_presence(kith_store::UserSid(7));
        assert!(destinations.pass(here, presence));
        assert!(!destinations.pass(away, presence));
        assert!(destinations.get(away).expect("there").passing.is_empty());
    }

    #[test]
    fn what_the_table_has_is_forgotten_unless_something_newer_came() {
        let mut destinations = Destinations::default();
        destinations.note_outgoing(RoomSid(1), Position(4));
        destinations.note_outgoing(RoomSid(2), Position(5));
        let written = destinations.outgoing().clone();
        destinations.note_outgoing(RoomSid(2), Position(9));
        destinations.forget_outgoing(&written);
        assert_eq!(destinations.outgoing(), &BTreeMap::from([(RoomSid(2), Position(9))]));
    }
}
