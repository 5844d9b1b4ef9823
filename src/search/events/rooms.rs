//! Where somebody searches: in rooms they are or were in, those aside that they asked to forget; and in the rooms that
//! these replace.

use std::collections::HashSet;

use kith_rooms::{Viewer, filter::RoomEventFilter};
use kith_store::{
    Direction, Error, Read, RoomSid,
    tables::members::{MEMBERSHIPS, Membership},
};

use crate::Search;

/// How many rooms before a room are searched along with it.
const PREDECESSORS_MAX: usize = 16;

impl Search {
    /// The rooms in which a viewer searches. A room that the filter names brings the rooms along that it replaces, as
    /// far as the viewer was in them: to people it is one conversation.
    pub(super) fn searched_rooms(
        &self,
        read: &dyn Read,
        viewer: &Viewer,
        filter: &RoomEventFilter,
    ) -> Result<HashSet<RoomSid>, Error> {
        let mut own = HashSet::new();
        let Some(user) = viewer.user else { return Ok(own) };
        for row in MEMBERSHIPS.scan(read, &user, Direction::Forward) {
            let ((_, room), record) = row?;
            let was_there = record.was_joined && !record.forgotten;
            if record.membership == Membership::Join || was_there {
                own.insert(room);
            }
        }
        if let Some(listed) = &filter.rooms {
            let mut named = HashSet::new();
            for room_id in listed {
                let Some(room) = self.store.ids().find_room(room_id)? else { continue };
                named.insert(room);
                self.add_predecessors(room, &mut named)?;
            }
            own.retain(|room| named.contains(room));
        }
        for room_id in &filter.not_rooms {
            if let Some(room) = self.store.ids().find_room(room_id)? {
                own.remove(&room);
            }
        }
        Ok(own)
    }

    fn add_predecessors(&self, room: RoomSid, named: &mut HashSet<RoomSid>) -> Result<(), Error> {
        let mut room = room;
        for _ in 0..PREDECESSORS_MAX {
            let Ok(known) = self.rooms.room_of(room) else { return Ok(()) };
            let Some(old) = self.rooms.predecessor(&known)? else { return Ok(()) };
            if !named.insert(old) {
                return Ok(());
            }
            room = old;
        }
        Ok(())
    }
}
