//! Throwing somebody out, and letting a banned user be a stranger again.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidkick>

use kith_accounts::Requester;
use kith_event::power::Powers;
use kith_store::tables::members::Membership;
use ruma::{RoomId, UserId};

use super::{MemberContent, MembershipError};
use crate::{Rooms, WriteError, acting::check_not_suspended};

impl Rooms {
    /// Throws a member out, takes an invite back, or declines a knock.
    pub fn kick(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        target: &UserId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        check_not_suspended(requester)?;
        let mut acting = self.act_in(room_id)?.with_signatures();
        let sender = &requester.user_id;
        acting.write.check_power_over(sender, target, "kick", Powers::kick_level)?;
        match acting.write.membership(target)? {
            Some(Membership::Join | Membership::Invite | Membership::Knock) => {}
            Some(Membership::Ban) => {
                return Err(WriteError::Refused(format!("{target} is banned from the room")).into());
            }
            _ => return Err(WriteError::Refused(format!("{target} is not in the room")).into()),
        }
        let content = MemberContent::new(Membership::Leave, reason);
        acting.write.send_member(sender, target, &content, self.clock.now_ms())?;
        Ok(acting.done()?)
    }

    /// Lifts a ban.
    pub fn unban(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        target: &UserId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        check_not_suspended(requester)?;
        let mut acting = self.act_in(room_id)?.with_signatures();
        let sender = &requester.user_id;
        let needed = |powers: &Powers| powers.ban_level().max(powers.kick_level());
        acting.write.check_power_over(sender, target, "unban", needed)?;
        if acting.write.membership(target)? != Some(Membership::Ban) {
            return Err(MembershipError::NotBanned(target.to_owned()));
        }
        let content = MemberContent::new(Membership::Leave, reason);
        acting.write.send_member(sender, target, &content, self.clock.now_ms())?;
        Ok(acting.done()?)
    }
}
