//! Making events: from what somebody wants to say to a hashed and signed PDU, and adding signatures to one.
//!
//! Whether the event is allowed is asked in `auth`; which events it follows is the caller's knowledge.
//! <https://spec.matrix.org/v1.19/server-server-api/#adding-hashes-and-signatures-to-outgoing-events>

#[cfg(test)]
mod tests;

use ruma::{
    EventId, OwnedEventId, RoomId, ServerName, UserId,
    events::{StateEventType, TimelineEventType},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    ParseError, Pdu, RoomVersion, SigningKey, hash,
    json::{JsonError, NESTING_DEPTH_MAX, Object, Strictness, Value, nesting, parse_object},
    parse,
    pdu::STICKY,
};

/// What somebody wants to say: the part of an event that does not depend on where in the room it goes.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The type.
    pub kind: TimelineEventType,
    /// The state key, for a state event.
    pub state_key: Option<String>,
    /// The content.
    pub content: Box<RawValue>,
    /// The target, for a redaction. It is put where the room version wants it.
    pub redacts: Option<OwnedEventId>,
    /// How long servers keep telling everybody of it, in milliseconds, if they do.
    pub sticky_ms: Option<u64>,
}

impl Draft {
    /// A message, or any other event that is not state.
    pub fn message(kind: TimelineEventType, content: Box<RawValue>) -> Self {
        Self { kind, state_key: None, content, redacts: None, sticky_ms: None }
    }

    /// A state event.
    pub fn state(kind: StateEventType, state_key: impl Into<String>, content: Box<RawValue>) -> Self {
        let kind = TimelineEventType::from(kind.to_string());
        Self { kind, state_key: Some(state_key.into()), content, redacts: None, sticky_ms: None }
    }

    /// A state event whose content is given as a value.
    pub fn state_of(
        kind: StateEventType,
        state_key: impl Into<String>,
        content: &impl Serialize,
    ) -> Result<Self, BuildError> {
        let content = serde_json::value::to_raw_value(content)
            .map_err(|error| BuildError::Content(error.to_string()))?;
        Ok(Self::state(kind, state_key, content))
    }
}

/// One event that a new event points at.
#[derive(Clone, Debug)]
pub struct EventRef {
    /// Its id.
    pub event_id: OwnedEventId,
    /// Its reference hash in base64, which room versions 1 and 2 want beside the id.
    pub hash: Option<String>,
}

impl From<OwnedEventId> for EventRef {
    fn from(event_id: OwnedEventId) -> Self {
        Self { event_id, hash: None }
    }
}

impl From<&EventId> for EventRef {
    fn from(event_id: &EventId) -> Self {
        Self { event_id: event_id.to_owned(), hash: None }
    }
}

impl From<&Pdu> for EventRef {
    fn from(pdu: &Pdu) -> Self {
        let hash = pdu.room_version().references_with_hashes().then(|| {
            let event = object_of(pdu);
            hash::to_base64(&hash::reference_hash(pdu.room_version(), &event))
        });
        Self { event_id: pdu.event_id().clone(), hash }
    }
}

/// Where in the room an event goes, who sends it, and with what it is signed.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The version of the room.
    pub room_version: &'static RoomVersion,
    /// The room; `None` only for a create event whose own hash will name the room.
    pub room_id: Option<&'a RoomId>,
    /// The events it follows.
    pub prev_events: Vec<EventRef>,
    /// The events that authorise it.
    pub auth_events: Vec<EventRef>,
    /// One more than the greatest depth of the events it follows; what is too great is cut to what is allowed.
    pub depth: u64,
    /// Who sends it.
    pub sender: &'a UserId,
    /// The time, in milliseconds since 1970.
    pub origin_server_ts: u64,
    /// The server that signs.
    pub server_name: &'a ServerName,
    /// Its key.
    pub key: &'a SigningKey,
}

/// Why an event cannot be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BuildError {
    /// The content is not what a content must be.
    #[error("invalid content: {0}")]
    Content(String),
    /// The event would break a rule of the event format, or be too large.
    #[error(transparent)]
    Format(#[from] ParseError),
}

impl From<JsonError> for BuildError {
    fn from(error: JsonError) -> Self {
        Self::Content(error.to_string())
    }
}

/// Makes an event: fills it in, hashes it, signs it, and gives it its id. What it makes can be read again.
pub fn build(draft: Draft, context: &Context<'_>) -> Result<Pdu, BuildError> {
    // In the event the content is one level deeper than by itself.
    if nesting(draft.content.get().as_bytes()) >= NESTING_DEPTH_MAX {
        return Err(JsonError::TooDeep.into());
    }
    let mut event = unsigned_event(draft, context)?;
    let hash = hash::to_base64(&hash::content_hash(&event));
    let hashes = Object::from([("sha256".to_owned(), Value::String(hash))]);
    event.insert("hashes".to_owned(), Value::Object(hashes));
    sign_event(&mut event, context.room_version, context.server_name, context.key);
    Ok(parse::pdu_from_object(context.room_version, event)?)
}

/// Adds the signature of another server to an event, for example of the server that an invite goes to.
pub fn sign(pdu: &Pdu, server: &ServerName, key: &SigningKey) -> Result<Pdu, BuildError> {
    let mut event = object_of(pdu);
    sign_event(&mut event, pdu.room_version(), server, key);
    rebuilt(pdu, event)
}

/// Adds signatures that somebody else made, in the shape of an event's `signatures`. Those already there stay.
///
/// The signatures are not checked here, and the id does not depend on them.
pub fn add_signatures(pdu: &Pdu, signatures: &RawValue) -> Result<Pdu, BuildError> {
    let mut event = object_of(pdu);
    for (server, by_key) in parse_object(signatures.get(), Strictness::Strict)? {
        let Value::Object(by_key) = by_key else {
            return Err(BuildError::Content("signatures of a server must be an object".to_owned()));
        };
        for (key_id, signature) in by_key {
            if !has_signature(&event, &server, &key_id) {
                add_signature(&mut event, &server, key_id, signature);
            }
        }
    }
    rebuilt(pdu, event)
}

/// The event with the signature that another server added to it, if what that server answered is this very event: only
/// the signatures and the unsigned part may differ. Whether the signature is right is not checked here.
pub fn co_signed(pdu: &Pdu, answered: &str, server: &ServerName) -> Result<Pdu, BuildError> {
    let mut event = object_of(pdu);
    let mut answered = parse_object(answered, parse::strictness(pdu.room_version()))?;
    let mut signatures = take_object(&mut answered, "signatures");
    let (own, added) = (event.remove("signatures"), take_object(&mut signatures, server.as_str()));
    for event in [&mut event, &mut answered] {
        event.remove("unsigned");
    }
    if event != answered {
        return Err(BuildError::Content(format!("{server} answered with another event")));
    }
    if added.is_empty() {
        return Err(BuildError::Content(format!("{server} did not sign the event")));
    }
    event.extend(own.map(|own| ("signatures".to_owned(), own)));
    for (key_id, signature) in added {
        if !has_signature(&event, server.as_str(), &key_id) {
            add_signature(&mut event, server.as_str(), key_id, signature);
        }
    }
    rebuilt(pdu, event)
}

/// Everything of the event but its hash and signatures.
fn unsigned_event(draft: Draft, context: &Context<'_>) -> Result<Object, BuildError> {
    let version = context.room_version;
    let strictness = parse::strictness(version);
    let mut content = parse_object(draft.content.get(), strictness)?;
    let mut event = Object::new();
    if let Some(redacts) = draft.redacts {
        let place = if version.redacts_in_content() { &mut content } else { &mut event };
        place.insert("redacts".to_owned(), redacts.as_str().into());
    }
    if let Some(room_id) = context.room_id {
        event.insert("room_id".to_owned(), room_id.as_str().into());
    }
    if let Some(state_key) = draft.state_key {
        event.insert("state_key".to_owned(), Value::String(state_key));
    }
    if let Some(sticky_ms) = draft.sticky_ms {
        let sticky = Object::from([("duration_ms".to_owned(), integer(sticky_ms))]);
        event.insert(STICKY.to_owned(), Value::Object(sticky));
    }
    event.insert("type".to_owned(), Value::String(draft.kind.to_string()));
    event.insert("content".to_owned(), Value::Object(content));
    event.insert("sender".to_owned(), context.sender.as_str().into());
    event.insert("origin_server_ts".to_owned(), integer(context.origin_server_ts));
    event.insert("depth".to_owned(), integer(context.depth.min(version.depth_max())));
    event.insert("prev_events".to_owned(), references(version, &context.prev_events));
    event.insert("auth_events".to_owned(), references(version, &context.auth_events));
    if version.event_id_in_event() {
        let event_id = own_event_id(context, &event);
        event.insert("event_id".to_owned(), Value::String(event_id));
    }
    Ok(event)
}

/// An id for an event that carries its own: unique because it is made of the hash of everything else in it.
fn own_event_id(context: &Context<'_>, event: &Object) -> String {
    let hash = hash::to_base64(&hash::content_hash(event)).replace(['+', '/'], "-");
    format!("${hash}:{}", context.server_name)
}

fn references(version: &RoomVersion, events: &[EventRef]) -> Value {
    let reference = |event: &EventRef| {
        let id = Value::from(event.event_id.as_str());
        if !version.references_with_hashes() {
            return id;
        }
        let hash = event.hash.clone().map(|hash| ("sha256".to_owned(), Value::String(hash)));
        Value::Array(vec![id, Value::Object(hash.into_iter().collect())])
    };
    Value::Array(events.iter().map(reference).collect())
}

fn integer(number: u64) -> Value {
    Value::Integer(number.try_into().unwrap_or(i64::MAX))
}

fn sign_event(event: &mut Object, version: &RoomVersion, server: &ServerName, key: &SigningKey) {
    let signature = key.sign(hash::signed_text(version, event).as_bytes());
    add_signature(event, server.as_str(), key.id(), Value::String(signature));
}

/// Adds one signature to an object; one that is there already under the same key is replaced.
pub fn add_signature(event: &mut Object, server: &str, key_id: String, signature: Value) {
    let mut by_server = take_object(event, "signatures");
    let mut by_key = take_object(&mut by_server, server);
    by_key.insert(key_id, signature);
    by_server.insert(server.to_owned(), Value::Object(by_key));
    event.insert("signatures".to_owned(), Value::Object(by_server));
}

fn take_object(parent: &mut Object, key: &str) -> Object {
    match parent.remove(key) {
        Some(Value::Object(object)) => object,
        _ => Object::new(),
    }
}

fn has_signature(event: &Object, server: &str, key_id: &str) -> bool {
    let by_server = event.get("signatures").and_then(Value::as_object);
    let by_key = by_server.and_then(|by_server| by_server.get(server)).and_then(Value::as_object);
    by_key.is_some_and(|by_key| by_key.contains_key(key_id))
}

fn object_of(pdu: &Pdu) -> Object {
    parse_object(pdu.json(), Strictness::Lax).expect("the text of an event is a JSON object")
}

/// The same event with other signatures.
fn rebuilt(pdu: &Pdu, event: Object) -> Result<Pdu, BuildError> {
    Ok(parse::pdu_from_object(pdu.room_version(), event)?.with_rejected(pdu.rejected()))
}
