//! Whether two users share a room.

use kith_store::{
    Direction, Error, RoomSid, UserSid,
    tables::members::{MEMBERSHIPS, Membership},
};

use crate::moment::Moment;

impl Moment<'_> {
    /// Whether the user is in a room together with somebody else; everybody is together with himself.
    pub(crate) fn shares_a_room_with(&self, other: UserSid) -> Result<bool, Error> {
        self.shares_a_room_that(other, |_| Ok(true))
    }

    /// As [`Self::shares_a_room_with`], counting only rooms that `counts` accepts.
    pub(crate) fn shares_a_room_that(
        &self,
        other: UserSid,
        counts: impl Fn(RoomSid) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        if other == self.user {
            return Ok(true);
        }
        for row in MEMBERSHIPS.scan(self.read, &(other,), Direction::Forward) {
            let ((_, room), record) = row?;
            if record.membership == Membership::Join && self.is_joined(self.user, room)? && counts(room)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a user is in a room now.
    pub(crate) fn is_joined(&self, user: UserSid, room: RoomSid) -> Result<bool, Error> {
        let record = MEMBERSHIPS.get(self.read, &(user, room))?;
        Ok(record.is_some_and(|record| record.membership == Membership::Join))
    }
}
