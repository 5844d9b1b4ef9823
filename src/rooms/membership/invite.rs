//! Inviting somebody.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite>

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{RoomId, UserId};

use super::{MemberContent, MembershipError};
use crate::{Rooms, WriteError, acting::check_not_suspended, commit::RoomWrite, invite_rules::check_invitee};

impl Rooms {
    /// Invites a user.
    pub fn invite(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        target: &UserId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        check_not_suspended(requester)?;
        check_invitee(self, &requester.user_id, target)?;
        let mut acting = self.act_in(room_id)?.with_signatures();
        let sender = &requester.user_id;
        check_may_invite(&acting.write, sender, target)?;
        let content = MemberContent::new(Membership::Invite, reason).with_profile(self, target)?;
        acting.write.send_member(sender, target, &content, self.clock.now_ms())?;
        Ok(acting.done()?)
    }
}

/// Whether somebody may invite somebody, said in words.
pub(crate) fn check_may_invite(
    write: &RoomWrite<'_>,
    sender: &UserId,
    target: &UserId,
) -> Result<(), WriteError> {
    match (write.membership(sender)?, write.membership(target)?) {
        (Some(Membership::Join), Some(Membership::Join)) => {
            return Err(WriteError::Refused(format!("{target} is in the room already")));
        }
        (Some(Membership::Join), Some(Membership::Ban)) => {
            return Err(WriteError::Refused(format!("{target} is banned from the room")));
        }
        (Some(Membership::Join), _) => {}
        _ => return Err(crate::acting::not_in_room()),
    }
    let powers = write.powers(write.heads.state)?;
    let needed = powers.invite_level();
    if powers.of(sender) < needed {
        return Err(WriteError::Refused(format!("to invite needs power {needed} in this room")));
    }
    Ok(())
}
