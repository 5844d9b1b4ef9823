//! Restricted rooms: open to the members of other rooms, on the word of a member who may invite.
//! <https://spec.matrix.org/v1.19/client-server-api/#restricted-rooms>

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{OwnedUserId, RoomId, events::StateEventType};
use serde::Deserialize;

use super::MembershipError;
use crate::{WriteError, commit::RoomWrite};

/// The field of a join that names who vouches for it.
pub(super) const AUTHORISER: &str = "join_authorised_via_users_server";

/// How many conditions of a join rule are looked at.
const CONDITIONS_MAX: usize = 1_000;
/// How many members are looked at to find one who may vouch.
const VOUCHERS_MAX: usize = 10_000;

/// `allow` of a join rule.
#[derive(Deserialize)]
struct Condition {
    r#type: String,
    room_id: Option<String>,
}

/// Who of this server vouches for the user, if the room is restricted and the user needs it: who is invited, or in the
/// room, does not.
pub(super) fn authoriser(
    write: &RoomWrite<'_>,
    requester: &Requester,
) -> Result<Option<OwnedUserId>, MembershipError> {
    let Some(rule) = write.current(&StateEventType::RoomJoinRules, "")? else { return Ok(None) };
    let restricted = match rule.content_field::<String>("join_rule").as_deref() {
        Some("restricted") => write.room.version.has_restricted_joins(),
        Some("knock_restricted") => write.room.version.has_knock_restricted(),
        _ => false,
    };
    let standing = write.membership(&requester.user_id)?;
    if !restricted || matches!(standing, Some(Membership::Join | Membership::Invite | Membership::Ban)) {
        return Ok(None);
    }
    let conditions: Vec<serde_json::Value> = rule.content_field("allow").unwrap_or_default();
    let conditions = conditions.into_iter().filter_map(|condition| serde_json::from_value(condition).ok());
    if !meets_any(write, requester, conditions)? {
        let reason = "this room is open to the members of certain other rooms, and you are in none of them";
        return Err(WriteError::refused(reason).into());
    }
    let refused = || WriteError::refused("nobody of this server can vouch for you in this room");
    Ok(Some(voucher(write)?.ok_or_else(refused)?))
}

fn meets_any(
    write: &RoomWrite<'_>,
    requester: &Requester,
    conditions: impl Iterator<Item = Condition>,
) -> Result<bool, MembershipError> {
    for condition in conditions.take(CONDITIONS_MAX) {
        let room_id = condition.room_id.filter(|_| condition.r#type == "m.room_membership");
        let Some(room_id) = room_id.and_then(|room_id| RoomId::parse(room_id).ok()) else { continue };
        if let Some(room) = write.rooms.store.ids().find_room(&room_id)?
            && write.rooms.is_joined(requester.user, room)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A joined user of this server who may invite: those with power first, since most rooms ask for some.
fn voucher(write: &RoomWrite<'_>) -> Result<Option<OwnedUserId>, MembershipError> {
    let powers = write.powers(write.heads.state)?;
    let needed = powers.invite_level();
    let named = powers.named_users().into_iter().map(|(user, _)| user);
    let mut powerful: Vec<OwnedUserId> = powers.creators().iter().cloned().chain(named).collect();
    powerful.retain(|user| write.rooms.is_local(user));
    powerful.sort();
    for user in powerful {
        if powers.of(&user) >= needed && write.membership(&user)? == Some(Membership::Join) {
            return Ok(Some(user));
        }
    }
    for user in write.rooms.local_joined(write.room.sid)?.iter().take(VOUCHERS_MAX) {
        let user = write.rooms.store.ids().user_id(*user)?;
        if powers.of(&user) >= needed {
            return Ok(Some(user));
        }
    }
    Ok(None)
}
