//! Restricted rooms: open to the members of other rooms, on the word of a member who may invite.
//! <https://spec.matrix.org/v1.19/client-server-api/#restricted-rooms>

use kith_store::tables::members::Membership;
use ruma::{OwnedUserId, RoomId, UserId, events::StateEventType};
use serde::Deserialize;

pub(crate) use kith_event::template::AUTHORISER;

use crate::{WriteError, commit::RoomWrite};

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

/// Whether somebody needs to be vouched for, and who does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Vouching {
    /// The room is not restricted, or the user is invited or in it.
    NotNeeded,
    /// This user of this server vouches.
    By(OwnedUserId),
    /// The user meets a condition, but nobody of this server may vouch.
    NoVoucher,
    /// The user meets no condition that this server knows of, and it does not know all.
    Unknown,
    /// The user meets no condition.
    Refused,
}

/// Who of this server vouches for a user who wants to join, if that is needed.
pub(crate) fn vouching(write: &RoomWrite<'_>, user: &UserId) -> Result<Vouching, WriteError> {
    let standing = write.membership(user)?;
    if matches!(standing, Some(Membership::Join | Membership::Invite | Membership::Ban)) {
        return Ok(Vouching::NotNeeded);
    }
    Ok(match meets_condition(write, user)? {
        Met::NotRestricted => Vouching::NotNeeded,
        Met::No => Vouching::Refused,
        Met::Unknown => Vouching::Unknown,
        Met::Yes => voucher(write)?.map_or(Vouching::NoVoucher, Vouching::By),
    })
}

/// Whether this server would name `authoriser` as the one who vouches for `user`: a member of its own with the power
/// to invite, and a user who meets a condition.
pub(crate) fn may_vouch(
    write: &RoomWrite<'_>,
    authoriser: &UserId,
    user: &UserId,
) -> Result<bool, WriteError> {
    let powers = write.powers(write.heads.state)?;
    Ok(write.rooms.is_local(authoriser)
        && write.membership(authoriser)? == Some(Membership::Join)
        && powers.of(authoriser) >= powers.invite_level()
        && meets_condition(write, user)? == Met::Yes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    NotRestricted,
    Yes,
    No,
    Unknown,
}

fn meets_condition(write: &RoomWrite<'_>, user: &UserId) -> Result<Met, WriteError> {
    let Some(rule) = write.current(&StateEventType::RoomJoinRules, "")? else {
        return Ok(Met::NotRestricted);
    };
    let restricted = match rule.content_field::<String>("join_rule").as_deref() {
        Some("restricted") => write.room.version.has_restricted_joins(),
        Some("knock_restricted") => write.room.version.has_knock_restricted(),
        _ => false,
    };
    if !restricted {
        return Ok(Met::NotRestricted);
    }
    let rooms = write.rooms;
    let local = rooms.is_local(user);
    let user = rooms.store.ids().find_user(user)?;
    let conditions: Vec<serde_json::Value> = rule.content_field("allow").unwrap_or_default();
    let conditions =
        conditions.into_iter().filter_map(|condition| serde_json::from_value::<Condition>(condition).ok());
    let mut unknown = false;
    for condition in conditions.take(CONDITIONS_MAX) {
        let room_id = condition.room_id.filter(|_| condition.r#type == "m.room_membership");
        let Some(room_id) = room_id.and_then(|room_id| RoomId::parse(room_id).ok()) else { continue };
        // Of its own users this server knows in which rooms they are, of others only while it is there itself.
        let room = match rooms.store.ids().find_room(&room_id)? {
            Some(room) if local || rooms.is_resident(room)? => room,
            _ => {
                unknown |= !local;
                continue;
            }
        };
        if let Some(user) = user
            && rooms.is_joined(user, room)?
        {
            return Ok(Met::Yes);
        }
        // Who of other servers is there may not be known yet.
        unknown |= !local && rooms.is_partial(room)?;
    }
    Ok(if unknown { Met::Unknown } else { Met::No })
}

/// A joined user of this server who may invite: those with power first, since most rooms ask for some.
fn voucher(write: &RoomWrite<'_>) -> Result<Option<OwnedUserId>, WriteError> {
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
