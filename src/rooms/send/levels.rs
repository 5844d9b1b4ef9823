//! Whether a `m.room.power_levels` event is at fault by itself. The rules of the room refuse such an event of
//! anybody; a client then has to mend its request, not to ask for more power.
//! <https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels>

use kith_event::{RoomVersion, power::Powers};
use ruma::UserId;
use serde_json::{Map, Value, value::RawValue};

/// The levels that stand alone.
const LEVELS: [&str; 7] =
    ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"];

/// Whether a level is no number, a user is none, or a creator who has all power is given some.
pub(super) fn are_malformed(version: &RoomVersion, powers: &Powers, content: &RawValue) -> bool {
    let Ok(levels) = serde_json::from_str::<Map<String, Value>>(content.get()) else { return true };
    let is_level = |value: &Value| match value {
        Value::String(text) if version.stringy_power_levels() => text.trim().parse::<i64>().is_ok(),
        value => value.is_i64(),
    };
    let are_levels = |name: &str| {
        levels
            .get(name)
            .is_none_or(|value| value.as_object().is_some_and(|by_name| by_name.values().all(is_level)))
    };
    let are_users = levels.get("users").and_then(Value::as_object).is_none_or(|users| {
        users.keys().all(|user| {
            UserId::parse(user.as_str())
                .is_ok_and(|user| !(version.creators_are_privileged() && powers.creators().contains(&user)))
        })
    });
    !(LEVELS.iter().all(|name| levels.get(*name).is_none_or(is_level))
        && ["users", "events", "notifications"].into_iter().all(are_levels)
        && are_users)
}
