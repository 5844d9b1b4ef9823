//! The event format: which fields an event must have, of which type and how long, by room version.
//!
//! <https://spec.matrix.org/v1.19/rooms/v12/#event-format-1>

use ruma::{EventId, RoomId, UserId};

use super::{AUTH_EVENTS_MAX, ID_BYTES_MAX, PREV_EVENTS_MAX, ParseError};
use crate::{
    RoomVersion,
    json::{Object, Value},
};

/// Checks the fields that every event has.
pub(super) fn check(room_version: &RoomVersion, event: &Object) -> Result<(), ParseError> {
    let kind = required_text(event, "type")?;
    let sender = required_text(event, "sender")?;
    UserId::parse(sender).map_err(|error| invalid("sender", error))?;
    check_room_id(room_version, event, kind)?;
    if room_version.event_id_in_event() {
        check_own_event_id(event)?;
    }
    optional_text(event, "state_key")?;
    required_object(event, "content")?;
    let hashes = required_object(event, "hashes")?;
    if hashes.get("sha256").and_then(Value::as_str).is_none() {
        return Err(invalid("hashes", "no sha256"));
    }
    check_signatures(required_object(event, "signatures")?)?;
    check_references(room_version, event, "prev_events", PREV_EVENTS_MAX)?;
    check_references(room_version, event, "auth_events", AUTH_EVENTS_MAX)?;
    check_depth(room_version, event)?;
    match event.get("origin_server_ts") {
        Some(Value::Integer(_)) => Ok(()),
        Some(Value::Number(_)) if !room_version.strict_json() => Ok(()),
        _ => Err(invalid("origin_server_ts", "not an integer")),
    }
}

fn check_room_id(room_version: &RoomVersion, event: &Object, kind: &str) -> Result<(), ParseError> {
    if kind == "m.room.create" && room_version.room_id_is_create_hash() {
        // The hash of this event is to name the room, so it cannot contain that name.
        return match event.contains_key("room_id") {
            true => Err(invalid("room_id", "a create event of this room version has none")),
            false => Ok(()),
        };
    }
    let room_id = required_text(event, "room_id")?;
    let room_id = RoomId::parse(room_id).map_err(|error| invalid("room_id", error))?;
    let has_server = room_id.server_name().is_some();
    if has_server == room_version.room_id_is_create_hash() {
        return Err(invalid("room_id", "not a room id of this room version"));
    }
    Ok(())
}

fn check_own_event_id(event: &Object) -> Result<(), ParseError> {
    let event_id =
        EventId::parse(required_text(event, "event_id")?).map_err(|error| invalid("event_id", error))?;
    if event_id.server_name().is_none() {
        return Err(invalid("event_id", "no server name"));
    }
    Ok(())
}

/// Signatures are texts by key id by server. Which of them have to be right is asked later.
fn check_signatures(signatures: &Object) -> Result<(), ParseError> {
    for by_key in signatures.values() {
        let by_key = by_key.as_object().ok_or_else(|| invalid("signatures", "not an object of objects"))?;
        if by_key.values().any(|signature| signature.as_str().is_none()) {
            return Err(invalid("signatures", "a signature that is not a string"));
        }
    }
    Ok(())
}

pub(crate) fn check_references(
    room_version: &RoomVersion,
    event: &Object,
    field: &str,
    count_max: usize,
) -> Result<(), ParseError> {
    let references =
        event.get(field).and_then(Value::as_array).ok_or_else(|| invalid(field, "not an array"))?;
    if references.len() > count_max {
        return Err(invalid(field, format!("more than {count_max} events")));
    }
    for reference in references {
        let id = match reference {
            Value::String(id) if !room_version.references_with_hashes() => id,
            Value::Array(pair) if room_version.references_with_hashes() => match pair.as_slice() {
                [Value::String(id), Value::Object(_)] => id,
                _ => return Err(invalid(field, "not a list of pairs of an id and hashes")),
            },
            _ => return Err(invalid(field, "not a list of event ids")),
        };
        EventId::parse(id.as_str()).map_err(|error| invalid(field, error))?;
    }
    Ok(())
}

fn check_depth(room_version: &RoomVersion, event: &Object) -> Result<(), ParseError> {
    match event.get("depth") {
        Some(&Value::Integer(depth))
            if u64::try_from(depth).is_ok_and(|depth| depth <= room_version.depth_max()) =>
        {
            Ok(())
        }
        _ => Err(invalid("depth", format!("not an integer from 0 to {}", room_version.depth_max()))),
    }
}

fn required_text<'a>(event: &'a Object, field: &str) -> Result<&'a str, ParseError> {
    optional_text(event, field)?.ok_or_else(|| invalid(field, "missing"))
}

fn optional_text<'a>(event: &'a Object, field: &str) -> Result<Option<&'a str>, ParseError> {
    match event.get(field) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= ID_BYTES_MAX => Ok(Some(text)),
        Some(Value::String(_)) => Err(invalid(field, format!("longer than {ID_BYTES_MAX} bytes"))),
        Some(_) => Err(invalid(field, "not a string")),
    }
}

fn required_object<'a>(event: &'a Object, field: &str) -> Result<&'a Object, ParseError> {
    event.get(field).and_then(Value::as_object).ok_or_else(|| invalid(field, "not an object"))
}

fn invalid(field: &str, reason: impl std::fmt::Display) -> ParseError {
    ParseError::Field(format!("`{field}`: {reason}"))
}
