//! `device_lists`: of whom the client should ask for devices and keys again, and of whom it need not keep them.
//! <https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user>

use std::collections::BTreeSet;

use kith_store::{
    Direction, Error, Position, RoomSid, UserSid,
    tables::{
        device_keys::SIGNATURE_STREAM,
        devices::DEVICE_LIST_STREAM,
        members::{Membership, ROOM_MEMBERS},
    },
};
use ruma::OwnedUserId;

use super::members::Encounters;
use crate::{moment::Moment, response::DeviceLists};

/// How many members of rooms that the user left are told; clients forget the others in their own time.
const LEFT_USERS_MAX: usize = 1_000;

impl Moment<'_> {
    /// Whose devices changed behind `since`, and who came into sight or out of it. A client that starts asks for
    /// everybody's devices anyway, so there is nothing complete to tell.
    pub(crate) fn device_lists_incremental(
        &self,
        since: Position,
        encounters: &Encounters,
    ) -> Result<DeviceLists, Error> {
        let mut changed = BTreeSet::new();
        let (from, to) = (since.next(), self.until.next());
        for row in DEVICE_LIST_STREAM.range(self.read, &from, &to, Direction::Forward) {
            let (_, user) = row?;
            if self.shares_a_room_with(user)? {
                changed.insert(user);
            }
        }
        let (from, to) = ((self.user, since.next()), (self.user, self.until.next()));
        for row in SIGNATURE_STREAM.range(self.read, &from, &to, Direction::Forward) {
            changed.insert(row?.1);
        }
        for (user, room) in &encounters.met {
            if self.is_encrypted(*room)? {
                changed.insert(*user);
            }
        }
        for room in encounters.entered.iter().chain(&encounters.encrypted) {
            if self.is_encrypted(*room)? {
                changed.extend(self.members_of(*room, usize::MAX)?);
            }
        }
        let mut left: BTreeSet<UserSid> = encounters.parted.iter().copied().collect();
        for room in &encounters.left {
            if self.is_encrypted(*room)? {
                left.extend(self.members_of(*room, LEFT_USERS_MAX)?);
            }
        }
        let mut out_of_sight = BTreeSet::new();
        for user in left {
            if !self.shares_a_room_that(user, |room| self.is_encrypted(room))? {
                out_of_sight.insert(user);
            }
        }
        changed.retain(|user| !out_of_sight.contains(user));
        Ok(DeviceLists { changed: self.names(changed)?, left: self.names(out_of_sight)? })
    }

    fn is_encrypted(&self, room: RoomSid) -> Result<bool, Error> {
        let Some(key) = self.sync.store.ids().find_state_key("m.room.encryption", "")? else {
            return Ok(false);
        };
        let Some(root) = self.state_at(room, self.until)? else { return Ok(false) };
        Ok(self.states(room).get(root, key)?.is_some())
    }

    fn members_of(&self, room: RoomSid, limit: usize) -> Result<Vec<UserSid>, Error> {
        let rows = ROOM_MEMBERS.scan(self.read, &(room, Membership::Join as u8), Direction::Forward);
        rows.take(limit).map(|row| row.map(|((_, _, user), ())| user)).collect()
    }

    fn names(&self, users: BTreeSet<UserSid>) -> Result<Vec<OwnedUserId>, Error> {
        users.into_iter().map(|user| self.sync.store.ids().user_id(user)).collect()
    }
}
