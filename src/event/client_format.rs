//! What clients see of an event: the fields of the client-server API, spliced from the stored text.
//!
//! What a client may know (its transaction id, the previous content, …) is decided by the caller.
//! <https://spec.matrix.org/v1.19/client-server-api/#room-event-format>

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use ruma::{EventId, UserId, events::TimelineEventType, serde::Raw};
use serde_json::value::RawValue;

use crate::{Pdu, json::write_string, pdu::STICKY};

/// The unsigned part of an event as one client sees it. Texts that are JSON must be valid JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unsigned<'a> {
    /// How long ago the event was sent, in milliseconds.
    pub age: Option<i64>,
    /// The membership of the reader at the event.
    pub membership: Option<&'a str>,
    /// JSON: the content that this state event replaced.
    pub prev_content: Option<&'a str>,
    /// Who sent the event that this state event replaced.
    pub prev_sender: Option<&'a UserId>,
    /// The event that this state event replaced.
    pub replaces_state: Option<&'a EventId>,
    /// The transaction id, for the device that sent the event.
    pub transaction_id: Option<&'a str>,
    /// JSON: the event that redacted this one, in the client format.
    pub redacted_because: Option<&'a str>,
    /// JSON: the aggregated relations, `m.relations`.
    pub relations: Option<&'a str>,
    /// JSON by name: whatever else there is to say.
    pub extra: &'a [(&'a str, &'a str)],
}

/// The room id in an event: needed where events stand alone, left out where they are listed by room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomIdIn {
    /// With `room_id`.
    Event,
    /// Without it.
    Context,
}

/// The text of an event for clients.
pub fn client_event(pdu: &Pdu, unsigned: &Unsigned<'_>, room_id: RoomIdIn) -> String {
    let mut members = Members::new(pdu.json().len() + 256);
    let is_redaction = *pdu.kind() == TimelineEventType::RoomRedaction;
    match pdu.redacts() {
        // Old clients look at the top and new ones in the content, so in either kind of room both get it.
        Some(redacts) if is_redaction => {
            members.json("content", &content_with_redacts(pdu, redacts));
            members.text("redacts", redacts.as_str());
        }
        _ => members.json("content", pdu.content_text()),
    }
    members.text("event_id", pdu.event_id().as_str());
    if let Some(sticky_ms) = pdu.sticky_ms() {
        members.json(STICKY, &format!(r#"{{"duration_ms":{sticky_ms}}}"#));
    }
    members.number("origin_server_ts", pdu.origin_server_ts());
    if room_id == RoomIdIn::Event {
        members.text("room_id", pdu.room_id().as_str());
    }
    members.text("sender", pdu.sender().as_str());
    if let Some(state_key) = pdu.state_key() {
        members.text("state_key", state_key);
    }
    members.text("type", &pdu.kind_text());
    let unsigned = unsigned_text(unsigned);
    if unsigned != "{}" {
        members.json("unsigned", &unsigned);
    }
    members.finish()
}

/// The text of a state event for those who are not (yet) in the room.
pub fn stripped_state(pdu: &Pdu) -> String {
    let mut members = Members::new(pdu.content_text().len() + 128);
    members.json("content", pdu.content_text());
    members.text("sender", pdu.sender().as_str());
    members.text("state_key", pdu.state_key().unwrap_or_default());
    members.text("type", &pdu.kind_text());
    members.finish()
}

/// A text of this module as ruma takes it.
pub fn into_raw<T>(text: String) -> Raw<T> {
    let raw = RawValue::from_string(text).expect("texts are spliced from JSON");
    Raw::from_json(raw)
}

/// The content with the target of the redaction in it, as the newer room versions have it.
fn content_with_redacts(pdu: &Pdu, redacts: &EventId) -> String {
    let content = pdu.content_text();
    if pdu.content_member("redacts").is_some() {
        return content.to_owned();
    }
    let mut members = Members::new(content.len() + redacts.as_str().len() + 16);
    members.text("redacts", redacts.as_str());
    // The other members, if there are any, follow without their opening brace.
    let others = content.strip_prefix('{').unwrap_or("}");
    if others != "}" {
        members.text.push(',');
    }
    members.text + others
}

fn unsigned_text(unsigned: &Unsigned<'_>) -> String {
    let mut members = Members::new(64);
    if let Some(age) = unsigned.age {
        members.number("age", age);
    }
    let texts = [
        ("membership", unsigned.membership),
        ("prev_sender", unsigned.prev_sender.map(UserId::as_str)),
        ("replaces_state", unsigned.replaces_state.map(EventId::as_str)),
        ("transaction_id", unsigned.transaction_id),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            members.text(name, text);
        }
    }
    let jsons = [
        ("m.relations", unsigned.relations),
        ("prev_content", unsigned.prev_content),
        ("redacted_because", unsigned.redacted_because),
    ];
    for (name, json) in jsons {
        if let Some(json) = json {
            members.json(name, json);
        }
    }
    for (name, json) in unsigned.extra {
        members.json(name, json);
    }
    members.finish()
}

/// An object that is being written member by member.
struct Members {
    text: String,
}

impl Members {
    fn new(capacity_bytes: usize) -> Self {
        let mut text = String::with_capacity(capacity_bytes);
        text.push('{');
        Self { text }
    }

    fn json(&mut self, name: &str, json: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        write_string(name, &mut self.text);
        self.text.push(':');
        self.text.push_str(json);
    }

    fn text(&mut self, name: &str, value: &str) {
        self.json(name, "");
        write_string(value, &mut self.text);
    }

    fn number(&mut self, name: &str, value: impl std::fmt::Display) {
        self.json(name, "");
        write!(self.text, "{value}").expect("writing to a string does not fail");
    }

    fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }
}
