//! The power levels that a new room begins with.
//! <https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels>

use kith_event::{RoomVersion, power::TOMBSTONE_POWER};
use ruma::UserId;
use serde_json::{Map, Value, json};

use super::{NewRoom, Preset};

/// What a creator has where creators are not privileged.
pub(crate) const CREATOR_LEVEL: i64 = 100;

/// The content of the first `m.room.power_levels`.
pub(super) fn first_levels(
    version: &RoomVersion,
    creator: &UserId,
    new: &NewRoom,
    preset: Preset,
) -> Map<String, Value> {
    let mut users = Map::new();
    if !version.creators_are_privileged() {
        users.insert(creator.to_string(), CREATOR_LEVEL.into());
        if preset == Preset::TrustedPrivateChat {
            users.extend(new.invite.iter().map(|user| (user.to_string(), CREATOR_LEVEL.into())));
        }
    }
    let invite = if preset == Preset::PublicChat { 50 } else { 0 };
    let levels = json!({
        "users": users,
        "users_default": 0,
        "events": {
            "m.room.avatar": 50,
            "m.room.canonical_alias": 50,
            "m.room.encryption": 100,
            "m.room.history_visibility": 100,
            "m.room.name": 50,
            "m.room.power_levels": 100,
            "m.room.server_acl": 100,
            "m.room.tombstone": if version.creators_are_privileged() { TOMBSTONE_POWER } else { 100 },
        },
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "kick": 50,
        "redact": 50,
        "invite": invite,
    });
    let mut levels = match levels {
        Value::Object(levels) => levels,
        _ => Map::new(),
    };
    levels.extend(new.power_level_override.clone());
    if version.creators_are_privileged() {
        raise_tombstone_level(&mut levels);
    }
    levels
}

/// Where creators are privileged, ending the room is for them: the level must be above that of other state.
pub(crate) fn raise_tombstone_level(levels: &mut Map<String, Value>) {
    let state_default = levels.get("state_default").and_then(Value::as_i64).unwrap_or(50);
    let events = levels.entry("events").or_insert_with(|| Value::Object(Map::new()));
    let Some(events) = events.as_object_mut() else { return };
    let tombstone = events.get("m.room.tombstone").and_then(Value::as_i64);
    if tombstone.is_none_or(|level| level <= state_default) {
        let level = i64::from(TOMBSTONE_POWER).max(state_default.saturating_add(1));
        events.insert("m.room.tombstone".to_owned(), level.into());
    }
}
