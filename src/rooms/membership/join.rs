//! Joining a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3joinroomidoralias>

use kith_accounts::Requester;
use kith_store::{Committed, tables::members::Membership};
use ruma::{OwnedServerName, OwnedUserId, RoomId, UserId, events::StateEventType};

use super::{
    MemberContent, MembershipError, ThirdPartySigned, carry_over, guests,
    restricted::{self, Vouching},
    third_party,
};
use crate::{Rooms, WriteError, acting::check_not_suspended, commit::RoomWrite};

/// How somebody joins.
#[derive(Clone, Debug, Default)]
pub struct Joining {
    /// Why.
    pub reason: Option<String>,
    /// What an identity server signed for somebody who was invited by an address.
    pub third_party_signed: Option<ThirdPartySigned>,
    /// Servers that may know the room.
    pub via: Vec<OwnedServerName>,
}

impl Rooms {
    /// Joins a room. Who is in it already stays in it.
    pub fn join(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        joining: Joining,
    ) -> Result<(), MembershipError> {
        check_not_suspended(requester)?;
        let room = self.room(room_id)?.ok_or(MembershipError::UnknownRoom)?;
        if !self.is_resident(room.sid)? {
            return Err(MembershipError::UnknownRoom);
        }
        let user = &requester.user_id;
        let mut acting = self.act(room)?.with_signatures();
        if acting.write.membership(user)? == Some(Membership::Join) {
            return Ok(acting.done()?);
        }
        let now_ms = self.clock.now_ms();
        if let Some(signed) = &joining.third_party_signed {
            third_party::exchange(&mut acting.write, user, signed, now_ms)?;
        }
        let mut content = MemberContent::new(Membership::Join, joining.reason).with_profile(self, user)?;
        if let Some(authoriser) = check(&acting.write, requester)? {
            content = content.with(restricted::AUTHORISER, authoriser.as_str());
        }
        acting.write.send_member(user, user, &content, now_ms)?;
        let predecessor = carry_over::predecessor(&acting.write)?;
        let room = acting.write.room.sid;
        acting.done()?;
        // Whoever changed the profile meanwhile may have missed this room, which did not yet count as joined.
        let refreshed = self.refresh_profile(room, requester.user, user);
        refreshed.map_or(Ok(()), Committed::wait_durable)?;
        self.leave_if_closed(requester.user)?;
        if let Some(predecessor) = predecessor {
            carry_over::carry_over(self, requester.user, predecessor, room)?;
        }
        Ok(())
    }
}

/// Whether a local user may come in, and on whose authority if the room asks for one.
pub(super) fn check(
    write: &RoomWrite<'_>,
    requester: &Requester,
) -> Result<Option<OwnedUserId>, MembershipError> {
    if write.rooms.is_blocked(write.room.sid)? && !requester.admin {
        return Err(MembershipError::Blocked);
    }
    if requester.guest && !guests::are_welcome(write)? {
        return Err(MembershipError::NoGuests);
    }
    admit(write, &requester.user_id)?;
    match restricted::vouching(write, &requester.user_id)? {
        Vouching::NotNeeded => Ok(None),
        Vouching::By(authoriser) => Ok(Some(authoriser)),
        Vouching::NoVoucher => Err(MembershipError::NoVoucher),
        Vouching::Unknown | Vouching::Refused => {
            let reason =
                "this room is open to the members of certain other rooms, and you are in none of them";
            Err(WriteError::refused(reason).into())
        }
    }
}

/// Whether the join rule lets a user of any server come in, apart from restricted rooms' conditions.
pub(crate) fn admit(write: &RoomWrite<'_>, user: &UserId) -> Result<(), WriteError> {
    let standing = write.membership(user)?;
    if standing == Some(Membership::Ban) {
        return Err(WriteError::refused("you are banned from this room"));
    }
    let rule = write.current(&StateEventType::RoomJoinRules, "")?;
    let rule = rule.and_then(|pdu| pdu.content_field::<String>("join_rule"));
    let by_invite = !matches!(rule.as_deref(), Some("public" | "restricted" | "knock_restricted"));
    if by_invite && !matches!(standing, Some(Membership::Join | Membership::Invite)) {
        return Err(WriteError::refused("you need an invite to join this room"));
    }
    Ok(())
}
