//! From received text to a `Pdu`: size, JSON, event format and event id. The first check on receipt of an event.
//!
//! Signatures and hashes are checked in `verify`, the authorisation rules in `auth`.
//! <https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu>

pub(crate) mod format;

#[cfg(test)]
mod tests;

use std::fmt::Display;

use ruma::{EventId, OwnedEventId, OwnedRoomId};
use serde::Deserialize;

use crate::{
    Pdu, RoomVersion, hash,
    json::{JsonError, Object, Strictness, Value, parse_object, to_text},
};

/// The size of an event in canonical JSON, signatures included.
pub const PDU_BYTES_MAX: usize = 65_536;

/// The size of the text an event arrives in. Escapes and spaces may blow an event up, but not without bound.
pub const RECEIVED_PDU_BYTES_MAX: usize = 8 * PDU_BYTES_MAX;

/// The length of `sender`, `room_id`, `state_key`, `type` and `event_id`.
pub const ID_BYTES_MAX: usize = 255;

/// The length of `prev_events`.
pub const PREV_EVENTS_MAX: usize = 20;

/// The length of `auth_events`.
pub const AUTH_EVENTS_MAX: usize = 10;

/// Why an event is not acceptable at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is larger than events may be.
    #[error("event is larger than {PDU_BYTES_MAX} bytes")]
    TooLarge,
    /// It is not JSON, or not JSON as the room version wants it.
    #[error("invalid event: {0}")]
    Json(#[from] JsonError),
    /// A field is missing, too long, or not what it has to be.
    #[error("invalid event: {0}")]
    Field(String),
}

impl ParseError {
    pub(crate) fn field(error: impl Display) -> Self {
        Self::Field(error.to_string())
    }
}

/// Reads an event that another server sent.
///
/// What the sender put into the unsigned part is dropped, but for the stripped states that come with invites and
/// knocks: nobody vouches for the rest.
pub fn parse_pdu(room_version: &'static RoomVersion, text: &str) -> Result<Pdu, ParseError> {
    if text.len() > RECEIVED_PDU_BYTES_MAX {
        return Err(ParseError::TooLarge);
    }
    let mut event = parse_object(text, strictness(room_version))?;
    strip_unsigned(&mut event);
    pdu_from_object(room_version, event)
}

/// What can be known about a received event before the version of its room is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek {
    /// The room it says it belongs to. A create event may have none.
    pub room_id: Option<OwnedRoomId>,
    /// The id it carries; only events of room versions 1 and 2 do.
    pub event_id: Option<OwnedEventId>,
    /// Its type.
    pub kind: String,
    /// The room version that a create event names.
    pub room_version: Option<String>,
}

/// Looks at a received event just enough to know which room, and so which rules, it belongs to.
pub fn peek(text: &str) -> Result<Peek, ParseError> {
    #[derive(Deserialize)]
    struct Fields {
        room_id: Option<OwnedRoomId>,
        event_id: Option<serde_json::Value>,
        #[serde(rename = "type")]
        kind: String,
        content: Option<Content>,
    }
    #[derive(Deserialize)]
    struct Content {
        room_version: Option<serde_json::Value>,
    }

    if text.len() > RECEIVED_PDU_BYTES_MAX {
        return Err(ParseError::TooLarge);
    }
    let fields: Fields = serde_json::from_str(text).map_err(ParseError::field)?;
    let room_version = fields.content.and_then(|content| content.room_version);
    let create_version = match room_version {
        _ if fields.kind != "m.room.create" => None,
        Some(version) => version.as_str().map(ToOwned::to_owned),
        // A create event that names no version founds a room of version 1.
        None => Some("1".to_owned()),
    };
    let event_id = fields.event_id.and_then(|id| EventId::parse(id.as_str()?).ok());
    Ok(Peek { room_id: fields.room_id, event_id, kind: fields.kind, room_version: create_version })
}

/// Which JSON the room version accepts.
pub(crate) fn strictness(room_version: &RoomVersion) -> Strictness {
    if room_version.strict_json() { Strictness::Strict } else { Strictness::Lax }
}

/// Checks an event's format and size and gives it its id.
pub(crate) fn pdu_from_object(room_version: &'static RoomVersion, event: Object) -> Result<Pdu, ParseError> {
    format::check(room_version, &event)?;
    let text = to_text(&event);
    if text.len() > PDU_BYTES_MAX {
        return Err(ParseError::TooLarge);
    }
    let event_id = if room_version.event_id_in_event() {
        let id = event.get("event_id").and_then(Value::as_str).unwrap_or_default();
        EventId::parse(id).map_err(ParseError::field)?
    } else {
        hash::event_id_of_hash(room_version, hash::reference_hash(room_version, &event))
    };
    Pdu::from_stored(room_version, event_id, false, text)
}

fn strip_unsigned(event: &mut Object) {
    let is_member = event.get("type").and_then(Value::as_str) == Some("m.room.member");
    let Some(Value::Object(mut unsigned)) = event.remove("unsigned") else {
        return;
    };
    unsigned.retain(|key, _| is_member && matches!(key.as_str(), "invite_room_state" | "knock_room_state"));
    if !unsigned.is_empty() {
        event.insert("unsigned".to_owned(), Value::Object(unsigned));
    }
}
