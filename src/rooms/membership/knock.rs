//! Asking to be let in.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3knockroomidoralias>

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{RoomId, UserId, events::StateEventType};

use super::{MemberContent, MembershipError};
use crate::{Rooms, WriteError, acting::check_not_suspended, commit::RoomWrite};

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
        if !self.is_resident(room.sid)? {
            return Err(MembershipError::UnknownRoom);
        }
        let user = &requester.user_id;
        let mut acting = self.act(room)?;
        admit(&acting.write, user)?;
        let content = MemberContent::new(Membership::Knock, reason).with_profile(self, user)?;
        acting.write.send_member(user, user, &content, self.clock.now_ms())?;
        acting.done()?;
        Ok(self.leave_if_closed(requester.user)?)
    }
}

/// Whether a user of any server may knock.
pub(crate) fn admit(write: &RoomWrite<'_>, user: &UserId) -> Result<(), WriteError> {
    match write.membership(user)? {
        Some(Membership::Join) => return Err(WriteError::refused("you are in the room already")),
        Some(Membership::Invite) => return Err(WriteError::refused("you are invited already")),
        Some(Membership::Ban) => return Err(WriteError::refused("you are banned from the room")),
        Some(Membership::Knock | Membership::Leave) | None => {}
    }
    let rule = write.current(&StateEventType::RoomJoinRules, "")?;
    let rule = rule.and_then(|pdu| pdu.content_field::<String>("join_rule"));
    let open = match rule.as_deref() {
        Some("knock") => write.room.version.has_knocking(),
        Some("knock_restricted") => write.room.version.has_knock_restricted(),
        _ => false,
    };
    if open { Ok(()) } else { Err(WriteError::refused("this room does not let anybody knock")) }
}
