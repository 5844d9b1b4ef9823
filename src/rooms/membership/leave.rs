//! Leaving a room, or declining its invite, or taking a knock back.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidleave>

use kith_accounts::Requester;
use kith_store::{Committed, RoomSid, UserSid, tables::members::Membership};
use ruma::{RoomId, UserId, events::StateEventType};

use super::{MemberContent, MembershipError};
use crate::{Rooms, acting::not_in_room, room_state::membership_of};

impl Rooms {
    /// Leaves a room; leaving it again changes nothing. Suspended users may.
    pub fn leave(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        let room = self.room(room_id)?.ok_or(MembershipError::UnknownRoom)?;
        let invited = self.membership(requester.user, room.sid)? == Some(Membership::Invite);
        if invited && self.is_notices_room(room.sid)? {
            return Err(MembershipError::NoticesRoom);
        }
        let committed = self.leave_room(room.sid, &requester.user_id, reason)?;
        Ok(committed.wait_durable()?)
    }

    /// Leaves every room and declines every invite: the end of an account. What fails is logged and does not keep the
    /// rest from being left; the answer is how many rooms are left over.
    pub fn leave_all(&self, user: UserSid) -> Result<usize, kith_store::Error> {
        let user_id = self.store.ids().user_id(user)?;
        let (mut left_over, mut last) = (0, None);
        for (room, record) in self.rooms_of(user)? {
            if !matches!(record.membership, Membership::Join | Membership::Invite | Membership::Knock) {
                continue;
            }
            match self.leave_anywhere(room, user, &user_id) {
                Ok(committed) => last = committed.or(last),
                Err(error) => {
                    tracing::warn!(%error, %user_id, room = room.0, "a room could not be left");
                    left_over += 1;
                }
            }
        }
        last.map_or(Ok(()), Committed::wait_durable)?;
        Ok(left_over)
    }

    /// Takes somebody out again who came into a room while their account was being closed: whoever closed it may not
    /// have seen the room yet. Called after the commit that brought them in.
    pub(crate) fn leave_if_closed(&self, user: UserSid) -> Result<(), kith_store::Error> {
        if self.accounts.account(user)?.is_some_and(|account| account.deactivated) {
            self.leave_all(user)?;
        }
        Ok(())
    }

    /// Of a room that other servers keep, the user is rid without anybody being told.
    fn leave_anywhere(
        &self,
        room: RoomSid,
        user: UserSid,
        user_id: &UserId,
    ) -> Result<Option<Committed>, MembershipError> {
        if self.is_resident(room)? {
            return self.leave_room(room, user_id, None).map(Some);
        }
        Ok(self.end_outside(room, user, Membership::Leave, None)?)
    }

    pub(crate) fn leave_room(
        &self,
        room: RoomSid,
        user: &UserId,
        reason: Option<String>,
    ) -> Result<Committed, MembershipError> {
        let room = self.find_room_of(room)?.ok_or(MembershipError::UnknownRoom)?;
        let mut acting = self.act(room)?;
        let member = acting.write.current(&StateEventType::RoomMember, user.as_str())?;
        match member.as_ref().and_then(membership_of) {
            Some(Membership::Join | Membership::Invite | Membership::Knock) => {}
            // Whoever has left has what they ask for.
            Some(Membership::Leave) if member.as_ref().is_some_and(|event| event.sender() == user) => {
                return Ok(acting.commit()?);
            }
            _ => return Err(not_in_room().into()),
        }
        let content = MemberContent::new(Membership::Leave, reason);
        acting.write.send_member(user, user, &content, self.clock.now_ms())?;
        Ok(acting.commit()?)
    }
}
