//! `device_lists`: of whom the client should ask for devices and keys again, and of whom it need not keep them.
//!
//! Encrypted rooms are what counts. Clients are used to hear of those as well whom they meet in rooms that are not
//! encrypted, so they do, up to a point: hearing of somebody too much costs a client that does not need their keys
//! nothing. Of those who part in such a room they hear once there is no room left together.
//! <https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user>

use std::collections::{BTreeMap, BTreeSet};

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
/// How many members are told of a room that the user came into and that is not encrypted.
const PLAIN_USERS_MAX: usize = 1_000;

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
        changed.extend(encounters.met.iter().map(|(user, _)| *user));
        for room in encounters.entered.iter().chain(&encounters.encrypted) {
            let limit = if self.is_encrypted(*room)? { usize::MAX } else { PLAIN_USERS_MAX };
            changed.extend(self.members_of(*room, limit)?);
        }
        let out_of_sight = self.out_of_sight(encounters)?;
        changed.retain(|user| !out_of_sight.contains(user));
        Ok(DeviceLists { changed: self.names(changed)?, left: self.names(out_of_sight)? })
    }

    /// Of those who parted from the user, whoever the client has no more use for.
    fn out_of_sight(&self, encounters: &Encounters) -> Result<BTreeSet<UserSid>, Error> {
        let mut parted: BTreeMap<UserSid, bool> = BTreeMap::new();
        for (user, room) in &encounters.parted {
            *parted.entry(*user).or_default() |= self.is_encrypted(*room)?;
        }
        for room in &encounters.left {
            let encrypted = self.is_encrypted(*room)?;
            for user in self.members_of(*room, LEFT_USERS_MAX)? {
                *parted.entry(user).or_default() |= encrypted;
            }
        }
        let mut out_of_sight = BTreeSet::new();
        for (user, encrypted) in parted {
            let counts = |room| if encrypted { self.is_encrypted(room) } else { Ok(true) };
            if !self.shares_a_room_that(user, counts)? {
                out_of_sight.insert(user);
            }
        }
        Ok(out_of_sight)
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
