//! Inviting somebody.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite>

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{RoomId, UserId};
use serde::Deserialize;

use super::{MemberContent, MembershipError};
use crate::{Rooms, WriteError, acting::check_not_suspended, commit::RoomWrite};

/// The account data with which users say whether they want to be invited.
/// <https://spec.matrix.org/v1.19/client-server-api/#invite-permission>
const PERMISSION: &str = "m.invite_permission_config";

#[derive(Deserialize)]
struct Permission {
    default_action: Option<String>,
}

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
        check_invitee(self, target)?;
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

/// Whether a user of this server lets themselves be invited.
pub(crate) fn check_invitee(rooms: &Rooms, target: &UserId) -> Result<(), MembershipError> {
    if !rooms.is_local(target) {
        return Ok(());
    }
    let Some(user) = rooms.store.ids().find_user(target)? else { return Ok(()) };
    let permission = rooms.accounts.find_account_data(user, None, PERMISSION)?;
    let permission: Option<Permission> = permission.and_then(|content| serde_json::from_str(&content).ok());
    match permission.and_then(|permission| permission.default_action).as_deref() {
        Some("block") => Err(MembershipError::InviteBlocked(target.to_owned())),
        _ => Ok(()),
    }
}
