//! Asking to be let in.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3knockroomidoralias>

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{RoomId, events::StateEventType};

use super::{MemberContent, MembershipError};
use crate::{Rooms, WriteError, acting::check_not_suspended};

impl Rooms {
    /// Knocks on a room's door.
    pub fn knock(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        reason: Option<String>,
    ) -> Result<(), MembershipError> {
        check_not_suspended(requester)?;
        let room = self.room(room_id)?.ok_or(MembershipError::UnknownRoom)?;
        if self.is_blocked(room.sid)? && !requester.admin {
            return Err(MembershipError::Blocked);
        }
        if self.find_heads(room.sid)?.is_none() {
            return Err(MembershipError::UnknownRoom);
        }
        let user = &requester.user_id;
        let mut acting = self.act(room)?;
        match acting.write.membership(user)? {
            Some(Membership::Join) => return Err(WriteError::refused("you are in the room already").into()),
            Some(Membership::Invite) => return Err(WriteError::refused("you are invited already").into()),
            Some(Membership::Ban) => return Err(WriteError::refused("you are banned from the room").into()),
            Some(Membership::Knock | Membership::Leave) | None => {}
        }
        let rule = acting.write.current(&StateEventType::RoomJoinRules, "")?;
        let rule = rule.and_then(|pdu| pdu.content_field::<String>("join_rule"));
        let version = acting.write.room.version;
        let open = match rule.as_deref() {
            Some("knock") => version.has_knocking(),
            Some("knock_restricted") => version.has_knock_restricted(),
            _ => false,
        };
        if !open {
            return Err(WriteError::refused("this room does not let anybody knock").into());
        }
        let content = MemberContent::new(Membership::Knock, reason).with_profile(self, user)?;
        acting.write.send_member(user, user, &content, self.clock.now_ms())?;
        acting.done()?;
        Ok(self.leave_if_closed(requester.user)?)
    }
}
