//! What a new room takes over from the one it replaces.

use kith_event::{RoomVersion, build::Draft};
use kith_store::tables::members::Membership;
use ruma::{OwnedRoomAliasId, OwnedUserId, UserId, events::StateEventType};
use serde_json::{Map, Value, json};

use super::level;
use crate::{
    commit::RoomWrite,
    create::{CREATOR_LEVEL, CreateError, distinct_users, raise_tombstone_level},
    membership::MemberContent,
    room_state::membership_of,
};

/// State that is carried over as it is.
const CARRIED: [StateEventType; 8] = [
    StateEventType::RoomServerAcl,
    StateEventType::RoomEncryption,
    StateEventType::RoomName,
    StateEventType::RoomAvatar,
    StateEventType::RoomTopic,
    StateEventType::RoomGuestAccess,
    StateEventType::RoomHistoryVisibility,
    StateEventType::RoomJoinRules,
];
/// How many bans, and how many rooms of a space, are carried over.
const CARRIED_MAX: usize = 10_000;

/// The content of the new room's create event: the old one's, but for what belongs to the room itself.
pub(super) fn create_content(
    old: &RoomWrite<'_>,
    creator: &UserId,
    version: &'static RoomVersion,
    additional_creators: &[OwnedUserId],
) -> Result<Map<String, Value>, CreateError> {
    let create = old.pdu(old.room.create)?;
    let mut content: Map<String, Value> = create.content_as().unwrap_or_default();
    for own in ["creator", "additional_creators", "predecessor", "room_version"] {
        content.remove(own);
    }
    content.insert("room_version".to_owned(), version.id().as_str().into());
    let mut predecessor = json!({ "room_id": old.room.id });
    if !version.creator_is_sender() {
        content.insert("creator".to_owned(), creator.as_str().into());
    }
    if version.creators_are_privileged() {
        let users = additional_creators.iter().map(|user| Value::from(user.as_str())).collect();
        let users = distinct_users(users, creator)?;
        if !users.is_empty() {
            content.insert("additional_creators".to_owned(), users.into());
        }
    } else if let Some(last) = old.heads.extremities.last() {
        predecessor["event_id"] = old.event_id(*last)?.as_str().into();
    }
    content.insert("predecessor".to_owned(), predecessor);
    Ok(content)
}

/// The state that comes along, bans included; not the power levels, which come last.
pub(super) fn state(old: &RoomWrite<'_>, user: &UserId) -> Result<Vec<Draft>, CreateError> {
    let mut drafts = Vec::new();
    for kind in CARRIED {
        if let Some(pdu) = old.current(&kind, "")? {
            let content = pdu.content().to_owned();
            drafts.push(Draft::state(kind, "", content));
        }
    }
    let is_space = old.pdu(old.room.create)?.content_field::<String>("type").as_deref() == Some("m.space");
    for (kind, state_key) in of_members_and_children(old, is_space)? {
        let Some(pdu) = old.current(&kind, &state_key)? else { continue };
        match kind {
            StateEventType::RoomMember => {
                let Ok(banned) = UserId::parse(state_key) else { continue };
                if membership_of(&pdu) == Some(Membership::Ban) && banned != user {
                    let reason = pdu.content_field::<String>("reason");
                    drafts.push(MemberContent::new(Membership::Ban, reason).draft(&banned)?);
                }
            }
            _ if pdu.content_field::<Value>("via").is_some() => {
                drafts.push(Draft::state(kind, state_key, pdu.content().to_owned()));
            }
            _ => {}
        }
    }
    Ok(drafts)
}

/// The old power levels, as the new version writes them.
pub(super) fn power_levels(
    old: &RoomWrite<'_>,
    version: &'static RoomVersion,
    new: &RoomWrite<'_>,
) -> Result<Map<String, Value>, CreateError> {
    let levels = old.current(&StateEventType::RoomPowerLevels, "")?;
    let mut levels: Map<String, Value> = levels.and_then(|pdu| pdu.content_as().ok()).unwrap_or_default();
    if !version.stringy_power_levels() {
        levels.values_mut().for_each(as_numbers);
    }
    let was_privileged = old.room.version.creators_are_privileged();
    let old_creators = old.powers(old.heads.state)?;
    let new_creators = new.powers(new.heads.state)?;
    let users = levels.entry("users").or_insert_with(|| Value::Object(Map::new()));
    if let Some(users) = users.as_object_mut() {
        if was_privileged && !version.creators_are_privileged() {
            for creator in old_creators.creators() {
                users.insert(creator.to_string(), CREATOR_LEVEL.into());
            }
        }
        if version.creators_are_privileged() {
            users.retain(|user, _| !new_creators.creators().iter().any(|creator| creator.as_str() == user));
        }
    }
    if version.creators_are_privileged() {
        raise_tombstone(&mut levels, was_privileged);
    }
    Ok(levels)
}

/// The canonical alias event of the new room: what it named before, as far as the names came along.
pub(super) fn canonical_alias(
    old: &RoomWrite<'_>,
    moved: &[OwnedRoomAliasId],
) -> Result<Option<Value>, CreateError> {
    let Some(pdu) = old.current(&StateEventType::RoomCanonicalAlias, "")? else { return Ok(None) };
    let came_along = |alias: &String| moved.iter().any(|moved| moved.as_str() == alias);
    let alias = pdu.content_field::<String>("alias").filter(came_along);
    let others: Vec<String> = pdu.content_field("alt_aliases").unwrap_or_default();
    let others: Vec<String> = others.into_iter().filter(came_along).collect();
    let mut content = Map::new();
    content.extend(alias.map(|alias| ("alias".to_owned(), Value::String(alias))));
    if !others.is_empty() {
        content.insert("alt_aliases".to_owned(), others.into());
    }
    Ok((!content.is_empty()).then_some(Value::Object(content)))
}

/// A room from the time before privileged creators gives administrators the power to end it; now that is the creators'.
fn raise_tombstone(levels: &mut Map<String, Value>, was_privileged: bool) {
    if !was_privileged
        && let Some(events) = levels.get_mut("events").and_then(Value::as_object_mut)
        && level(events.get("m.room.tombstone")).is_none_or(|level| level <= CREATOR_LEVEL)
    {
        events.remove("m.room.tombstone");
    }
    raise_tombstone_level(levels);
}

/// Levels that are strings become numbers, in the level itself and one step below.
fn as_numbers(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(number) = text.trim().parse::<i64>() {
                *value = number.into();
            }
        }
        Value::Object(levels) => levels.values_mut().for_each(as_numbers),
        _ => {}
    }
}

/// The entries of banned users and, in a space, of its rooms.
fn of_members_and_children(
    old: &RoomWrite<'_>,
    is_space: bool,
) -> Result<Vec<(StateEventType, String)>, CreateError> {
    let ids = old.rooms.store.ids();
    let mut entries = Vec::new();
    for user in old.rooms.users_with(old.room.sid, Membership::Ban)?.into_iter().take(CARRIED_MAX) {
        entries.push((StateEventType::RoomMember, ids.user_id(user)?.to_string()));
    }
    if !is_space {
        return Ok(entries);
    }
    let mut children = 0;
    for entry in old.states.iter(old.heads.state) {
        let (key, _) = entry?;
        let (kind, state_key) = ids.state_key_of(key)?;
        if kind == "m.space.child" && children < CARRIED_MAX {
            children += 1;
            entries.push((StateEventType::SpaceChild, state_key));
        }
    }
    Ok(entries)
}
