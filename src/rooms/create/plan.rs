//! Which events a new room begins with, in the order of the specification.

use kith_accounts::Requester;
use kith_config::EncryptionByDefault;
use kith_event::{RoomVersion, build::Draft};
use kith_store::tables::members::Membership;
use ruma::{RoomAliasId, UserId, events::StateEventType};
use serde_json::{Map, Value, json};

use super::{CreateError, NewRoom, Preset, levels::first_levels};
use crate::{Rooms, acting::content, membership::MemberContent};

/// The events of a new room.
pub(super) struct Plan {
    /// The content of the create event.
    pub(super) create: Map<String, Value>,
    /// What follows the creator's joining.
    pub(super) state: Vec<Draft>,
}

pub(super) fn plan(
    rooms: &Rooms,
    requester: &Requester,
    version: &'static RoomVersion,
    new: &NewRoom,
    alias: Option<&RoomAliasId>,
) -> Result<Plan, CreateError> {
    let by_visibility = if new.published { Preset::PublicChat } else { Preset::PrivateChat };
    let preset = new.preset.unwrap_or(by_visibility);
    let create = create_content(version, &requester.user_id, new, preset)?;
    let mut state = Vec::new();
    let levels = first_levels(version, &requester.user_id, new, preset);
    state.push(draft(StateEventType::RoomPowerLevels, &levels)?);
    if let Some(alias) = alias {
        state.push(draft(StateEventType::RoomCanonicalAlias, &json!({ "alias": alias }))?);
    }
    for (kind, value) in preset_state(rooms, preset, new.never_encrypted) {
        if !new
            .initial_state
            .iter()
            .any(|initial| initial.kind == kind.to_string() && initial.state_key.is_empty())
        {
            state.push(draft(kind, &value)?);
        }
    }
    for initial in &new.initial_state {
        let overridden = initial.state_key.is_empty()
            && match initial.kind.as_str() {
                "m.room.name" => new.name.is_some(),
                "m.room.topic" => new.topic.is_some(),
                _ => false,
            };
        if !overridden {
            let kind = StateEventType::from(initial.kind.as_str());
            state.push(Draft::state(kind, initial.state_key.clone(), initial.content.clone()));
        }
    }
    if let Some(name) = &new.name {
        state.push(draft(StateEventType::RoomName, &json!({ "name": name }))?);
    }
    if let Some(topic) = &new.topic {
        let blocks = json!({ "m.text": [{ "body": topic }] });
        state.push(draft(StateEventType::RoomTopic, &json!({ "topic": topic, "m.topic": blocks }))?);
    }
    let mut invited: Vec<&UserId> = Vec::new();
    for user in &new.invite {
        // Whoever is on another server is invited through that, once the room exists.
        if *user == requester.user_id || invited.contains(&&**user) || !rooms.is_local(user) {
            continue;
        }
        invited.push(user);
        let mut member = MemberContent::new(Membership::Invite, None).with_profile(rooms, user)?;
        if new.is_direct {
            member = member.with("is_direct", true);
        }
        state.push(member.draft(user)?);
    }
    Ok(Plan { create, state })
}

fn create_content(
    version: &RoomVersion,
    creator: &UserId,
    new: &NewRoom,
    preset: Preset,
) -> Result<Map<String, Value>, CreateError> {
    let mut content = new.creation_content.clone();
    content.insert("room_version".to_owned(), version.id().as_str().into());
    content.remove("creator");
    if !version.creator_is_sender() {
        content.insert("creator".to_owned(), creator.as_str().into());
    }
    if !version.creators_are_privileged() {
        return Ok(content);
    }
    let mut additional = match content.remove("additional_creators") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(users)) => users,
        Some(_) => return Err(CreateError::Invalid("additional_creators is a list of user ids".to_owned())),
    };
    if preset == Preset::TrustedPrivateChat {
        additional.extend(new.invite.iter().map(|user| Value::from(user.as_str())));
    }
    let additional = distinct_users(additional, creator)?;
    if !additional.is_empty() {
        content.insert("additional_creators".to_owned(), additional.into());
    }
    Ok(content)
}

/// User ids, each once, without the creator, who is one anyway.
pub(crate) fn distinct_users(users: Vec<Value>, creator: &UserId) -> Result<Vec<Value>, CreateError> {
    let mut distinct = Vec::with_capacity(users.len());
    for user in users {
        if user.as_str().is_none_or(|user| UserId::parse(user).is_err()) {
            return Err(CreateError::Invalid("additional_creators is a list of user ids".to_owned()));
        }
        if user.as_str() != Some(creator.as_str()) && !distinct.contains(&user) {
            distinct.push(user);
        }
    }
    Ok(distinct)
}

fn preset_state(rooms: &Rooms, preset: Preset, never_encrypted: bool) -> Vec<(StateEventType, Value)> {
    let (join_rule, guest_access) = match preset {
        Preset::PrivateChat | Preset::TrustedPrivateChat => ("invite", "can_join"),
        Preset::PublicChat => ("public", "forbidden"),
    };
    let mut state = vec![
        (StateEventType::RoomJoinRules, json!({ "join_rule": join_rule })),
        (StateEventType::RoomHistoryVisibility, json!({ "history_visibility": "shared" })),
        (StateEventType::RoomGuestAccess, json!({ "guest_access": guest_access })),
    ];
    let encrypted = match rooms.config.rooms.encryption_by_default {
        EncryptionByDefault::Off => false,
        EncryptionByDefault::Invite => preset != Preset::PublicChat,
        EncryptionByDefault::All => true,
    };
    if encrypted && !never_encrypted {
        state.push((StateEventType::RoomEncryption, json!({ "algorithm": "m.megolm.v1.aes-sha2" })));
    }
    state
}

fn draft(kind: StateEventType, value: &impl serde::Serialize) -> Result<Draft, CreateError> {
    Ok(Draft::state(kind, "", content(value)?))
}
