//! `Pdu`: an event as servers exchange it, immutable and cheap to clone.
//!
//! The stored truth is the canonical JSON text, signatures included; everything else here is read out of it once.
//! Whether the text is acceptable is judged in `parse`, not here.
//! <https://spec.matrix.org/v1.19/server-server-api/#pdus>

mod fields;

use std::{borrow::Cow, fmt, ops::Range, sync::Arc};

use ruma::{
    EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UInt, UserId,
    events::{StateEventType, TimelineEventType},
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{ParseError, RoomVersion};

/// Where an event says how long servers keep telling everybody of it.
/// <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>
pub(crate) const STICKY: &str = "msc4354_sticky";
/// No event is sticky for longer, in milliseconds.
pub const STICKY_MS_MAX: u64 = 3_600_000;

/// An event as servers exchange it.
#[derive(Clone)]
pub struct Pdu(Arc<Inner>);

struct Inner {
    json: String,
    room_version: &'static RoomVersion,
    event_id: OwnedEventId,
    room_id: OwnedRoomId,
    sender: OwnedUserId,
    kind: TimelineEventType,
    state_key: Option<String>,
    prev_events: Vec<OwnedEventId>,
    auth_events: Vec<OwnedEventId>,
    redacts: Option<OwnedEventId>,
    depth: u64,
    origin_server_ts: u64,
    rejected: bool,
    sticky_ms: Option<u64>,
    /// Where in `json` the type is, if it stands there without escapes.
    kind_text: Option<Range<usize>>,
    /// Where in `json` the content is.
    content: Range<usize>,
    /// Where in `json` the unsigned part is.
    unsigned: Option<Range<usize>>,
}

impl Pdu {
    /// Reads an event from the text that `json` gave when it was stored.
    pub fn from_stored(
        room_version: &'static RoomVersion,
        event_id: OwnedEventId,
        rejected: bool,
        json: String,
    ) -> Result<Self, ParseError> {
        let inner = fields::read(room_version, event_id, rejected, json)?;
        Ok(Self(Arc::new(inner)))
    }

    /// The same event, marked as one that failed the checks (or not).
    pub fn with_rejected(&self, rejected: bool) -> Self {
        if self.0.rejected == rejected {
            return self.clone();
        }
        let inner = &*self.0;
        Self(Arc::new(Inner {
            json: inner.json.clone(),
            room_version: inner.room_version,
            event_id: inner.event_id.clone(),
            room_id: inner.room_id.clone(),
            sender: inner.sender.clone(),
            kind: inner.kind.clone(),
            state_key: inner.state_key.clone(),
            prev_events: inner.prev_events.clone(),
            auth_events: inner.auth_events.clone(),
            redacts: inner.redacts.clone(),
            depth: inner.depth,
            origin_server_ts: inner.origin_server_ts,
            rejected,
            sticky_ms: inner.sticky_ms,
            kind_text: inner.kind_text.clone(),
            content: inner.content.clone(),
            unsigned: inner.unsigned.clone(),
        }))
    }

    /// The version of the event's room.
    pub fn room_version(&self) -> &'static RoomVersion {
        self.0.room_version
    }

    /// The id of this event.
    pub fn event_id(&self) -> &OwnedEventId {
        &self.0.event_id
    }

    /// The room; where the create event names the room by its own hash, derived from that hash.
    pub fn room_id(&self) -> &OwnedRoomId {
        &self.0.room_id
    }

    /// Who sent it.
    pub fn sender(&self) -> &OwnedUserId {
        &self.0.sender
    }

    /// Its type.
    pub fn kind(&self) -> &TimelineEventType {
        &self.0.kind
    }

    /// Its type exactly as it was sent; `kind` may know two spellings of one type and give the newer.
    pub fn kind_text(&self) -> Cow<'_, str> {
        match self.0.kind_text.clone() {
            Some(range) => Cow::Borrowed(&self.0.json[range]),
            None => Cow::Owned(self.0.kind.to_string()),
        }
    }

    /// The state key, if this is a state event.
    pub fn state_key(&self) -> Option<&str> {
        self.0.state_key.as_deref()
    }

    /// Whether this is a state event.
    pub fn is_state(&self) -> bool {
        self.0.state_key.is_some()
    }

    /// The key under which a room state holds this event, if it is a state event.
    pub fn state_entry(&self) -> Option<(StateEventType, String)> {
        let state_key = self.0.state_key.clone()?;
        Some((StateEventType::from(&*self.kind_text()), state_key))
    }

    /// Whether this is the state event of this type with this state key.
    pub fn is_state_of(&self, kind: &TimelineEventType, state_key: &str) -> bool {
        self.0.kind == *kind && self.state_key() == Some(state_key)
    }

    /// The content, as canonical JSON.
    pub fn content(&self) -> &RawValue {
        raw(self.content_text())
    }

    /// The content, as canonical JSON text; cheaper than `content` where text is all that is wanted.
    pub fn content_text(&self) -> &str {
        &self.0.json[self.0.content.clone()]
    }

    /// The content, read as a type.
    pub fn content_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.content_text())
    }

    /// One field of the content, or `None` if it is absent or of another type.
    pub fn content_field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.content_member(name).and_then(|text| serde_json::from_str(text).ok())
    }

    /// One field of the content as JSON text.
    pub fn content_member(&self, name: &str) -> Option<&str> {
        fields::member(self.content_text(), name)
    }

    /// The events this one follows.
    pub fn prev_events(&self) -> &[OwnedEventId] {
        &self.0.prev_events
    }

    /// The events that authorise this one.
    pub fn auth_events(&self) -> &[OwnedEventId] {
        &self.0.auth_events
    }

    /// How far it says it is from the start of the room.
    pub fn depth(&self) -> u64 {
        self.0.depth
    }

    /// When its server says it was made, in milliseconds since 1970.
    pub fn origin_server_ts(&self) -> u64 {
        self.0.origin_server_ts
    }

    /// How long servers keep telling everybody of it, in milliseconds, if it is an event of that kind.
    pub fn sticky_ms(&self) -> Option<u64> {
        self.0.sticky_ms
    }

    /// The event this one redacts, if it is a redaction; from the place where the room version puts it.
    pub fn redacts(&self) -> Option<&EventId> {
        self.0.redacts.as_deref()
    }

    /// The part that no signature covers.
    pub fn unsigned(&self) -> Option<&RawValue> {
        self.0.unsigned.clone().map(|range| raw(&self.0.json[range]))
    }

    /// The canonical text as it is stored and sent to other servers, signatures included.
    pub fn json(&self) -> &str {
        &self.0.json
    }

    /// Whether the event failed the checks on receipt and must authorise nothing.
    pub fn rejected(&self) -> bool {
        self.0.rejected
    }

    /// About how many bytes of memory this event occupies, for caches that are bounded in bytes.
    pub fn memory_bytes(&self) -> usize {
        let ids = self.0.prev_events.len() + self.0.auth_events.len();
        size_of::<Inner>() + self.0.json.capacity() + ids * ID_MEMORY_BYTES
    }
}

/// About what one event id costs: two words of reference, the counts, and the text of a hash.
const ID_MEMORY_BYTES: usize = 80;

/// Views a piece of an event's text as a JSON value.
fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).expect("a piece of a text that was JSON when the event was made is JSON")
}

impl fmt::Debug for Pdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pdu({} {})", self.0.event_id, self.0.json)
    }
}

impl ruma::state_res::Event for Pdu {
    type Id = OwnedEventId;

    fn event_id(&self) -> &OwnedEventId {
        &self.0.event_id
    }

    /// As on the wire: a create event that names its room by its own hash has none.
    fn room_id(&self) -> Option<&RoomId> {
        let derived =
            self.0.room_version.room_id_is_create_hash() && self.0.kind == TimelineEventType::RoomCreate;
        (!derived).then_some(&*self.0.room_id)
    }

    fn sender(&self) -> &UserId {
        &self.0.sender
    }

    fn origin_server_ts(&self) -> MilliSecondsSinceUnixEpoch {
        MilliSecondsSinceUnixEpoch(UInt::new_saturating(self.0.origin_server_ts))
    }

    fn event_type(&self) -> &TimelineEventType {
        &self.0.kind
    }

    fn content(&self) -> &RawValue {
        self.content()
    }

    fn state_key(&self) -> Option<&str> {
        self.0.state_key.as_deref()
    }

    fn prev_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.0.prev_events.iter())
    }

    fn auth_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.0.auth_events.iter())
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        self.0.redacts.as_ref()
    }

    fn rejected(&self) -> bool {
        self.0.rejected
    }
}
