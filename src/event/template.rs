//! Templates of member events: a server in the room says what the event of a user of another server builds on, and
//! that other server completes and signs it.
//!
//! Who receives a template signs nothing of it unread: from here come only the places in the room's graph and, for
//! restricted joins, who vouches. Everything else the event says is made by the signing server itself.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>

#[cfg(test)]
mod tests;

use ruma::{EventId, OwnedEventId, OwnedUserId, RoomId, ServerName, UserId};
use serde_json::value::RawValue;

use crate::{
    Pdu, RoomVersion,
    build::EventRef,
    json::{Object, Strictness, Value, parse_object, to_text},
    parse::{AUTH_EVENTS_MAX, PREV_EVENTS_MAX, ParseError, RECEIVED_PDU_BYTES_MAX, format, strictness},
};

/// The field of a join that names who vouches for it.
pub const AUTHORISER: &str = "join_authorised_via_users_server";

/// What was asked for, and so what a template has to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The room.
    pub room_id: &'a RoomId,
    /// Whose membership it is, and who sends it.
    pub user: &'a UserId,
    /// `join`, `knock` or `leave`.
    pub membership: &'a str,
}

/// What a checked template says.
#[derive(Clone, Debug)]
pub struct Template {
    /// The events to follow.
    pub prev_events: Vec<EventRef>,
    /// The events that authorise it.
    pub auth_events: Vec<EventRef>,
    /// How deep in the room it is.
    pub depth: u64,
    /// Who vouches for a restricted join.
    pub authoriser: Option<OwnedUserId>,
}

/// Why a template is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is not what an event of the room version can be.
    #[error(transparent)]
    Format(#[from] ParseError),
    /// It is for another event than the one that was asked for.
    #[error("the template is for another event: `{0}` is not what was asked for")]
    Another(&'static str),
}

/// An event as a template for somebody else: without what only its signer can add.
pub fn offer(pdu: &Pdu, server: &ServerName) -> Box<RawValue> {
    let mut event = parse_object(pdu.json(), Strictness::Lax).expect("the text of an event is a JSON object");
    for field in ["event_id", "hashes", "signatures", "unsigned"] {
        event.remove(field);
    }
    event.insert("origin".to_owned(), server.as_str().into());
    RawValue::from_string(to_text(&event)).expect("canonical JSON is JSON")
}

/// Checks a template against what was asked for.
pub fn read(
    room_version: &'static RoomVersion,
    text: &str,
    wanted: &Wanted<'_>,
) -> Result<Template, TemplateError> {
    if text.len() > RECEIVED_PDU_BYTES_MAX {
        return Err(ParseError::TooLarge.into());
    }
    let event = parse_object(text, strictness(room_version)).map_err(ParseError::from)?;
    check_field(&event, "type", "m.room.member")?;
    check_field(&event, "room_id", wanted.room_id.as_str())?;
    check_field(&event, "sender", wanted.user.as_str())?;
    check_field(&event, "state_key", wanted.user.as_str())?;
    let content = event.get("content").and_then(Value::as_object).ok_or(TemplateError::Another("content"))?;
    check_field(content, "membership", wanted.membership)?;
    let authoriser =
        content.get(AUTHORISER).filter(|_| wanted.membership == "join").map(user_of).transpose()?;
    let prev_events = references(room_version, &event, "prev_events", PREV_EVENTS_MAX)?;
    if prev_events.is_empty() {
        return Err(ParseError::Field("`prev_events`: empty".to_owned()).into());
    }
    Ok(Template {
        prev_events,
        auth_events: references(room_version, &event, "auth_events", AUTH_EVENTS_MAX)?,
        depth: depth(room_version, &event)?,
        authoriser,
    })
}

fn check_field(event: &Object, field: &'static str, wanted: &str) -> Result<(), TemplateError> {
    match event.get(field).and_then(Value::as_str) {
        Some(found) if found == wanted => Ok(()),
        _ => Err(TemplateError::Another(field)),
    }
}

fn user_of(value: &Value) -> Result<OwnedUserId, TemplateError> {
    let user = value.as_str().and_then(|user| UserId::parse(user).ok());
    user.ok_or(TemplateError::Another(AUTHORISER))
}

fn references(
    room_version: &RoomVersion,
    event: &Object,
    field: &str,
    count_max: usize,
) -> Result<Vec<EventRef>, TemplateError> {
    format::check_references(room_version, event, field, count_max)?;
    let listed = event.get(field).and_then(Value::as_array).unwrap_or_default();
    Ok(listed.iter().filter_map(reference).collect())
}

/// One reference, in either of its two forms.
fn reference(value: &Value) -> Option<EventRef> {
    let id = |value: &Value| -> Option<OwnedEventId> { EventId::parse(value.as_str()?).ok() };
    match value {
        Value::Array(pair) => {
            let hash = pair.get(1)?.as_object()?.get("sha256").and_then(Value::as_str);
            Some(EventRef { event_id: id(pair.first()?)?, hash: hash.map(str::to_owned) })
        }
        other => Some(EventRef { event_id: id(other)?, hash: None }),
    }
}

/// A depth beyond what is allowed is cut to it, as when an event is built.
fn depth(room_version: &RoomVersion, event: &Object) -> Result<u64, TemplateError> {
    match event.get("depth") {
        Some(&Value::Integer(depth)) if depth >= 0 => Ok(depth.unsigned_abs().min(room_version.depth_max())),
        _ => Err(ParseError::Field("`depth`: not a whole number from 0 upwards".to_owned()).into()),
    }
}
