//! From an event to what is searched of it: bodies of messages, names and topics of rooms.
//! <https://spec.matrix.org/v1.19/client-server-api/#search-categories>

use kith_event::Pdu;
use kith_rooms::Rooms;
use kith_store::{
    Error, EventSid, RoomSid, Store, UserSid,
    tables::{
        accounts::ACCOUNTS,
        events::{EventMeta, Verdict},
    },
};
use ruma::EventId;
use serde::Deserialize;

/// What is searched. The number is part of the index and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// `content.body` of `m.room.message`.
    Message = 0,
    /// `content.name` of `m.room.name`.
    Name = 1,
    /// `content.topic` of `m.room.topic`.
    Topic = 2,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Message, Self::Name, Self::Topic];

    /// The type of its events.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Message => "m.room.message",
            Self::Name => "m.room.name",
            Self::Topic => "m.room.topic",
        }
    }
}

/// What is searched of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) event: EventSid,
    /// The event that the text stands in: the event itself or its newest edit.
    pub(crate) source: EventSid,
    pub(crate) room: RoomSid,
    pub(crate) sender: UserSid,
    pub(crate) kind: Kind,
    pub(crate) has_url: bool,
    pub(crate) timestamp_ms: u64,
    pub(crate) text: String,
}

/// What an event means for the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing of it is searched, or not any more.
    Nothing,
    /// This is.
    Text(Text),
    /// It changes what is searched of another event.
    EditOf(EventSid),
}

/// What an event means, as it is stored now.
pub(crate) fn meaning(
    store: &Store,
    rooms: &Rooms,
    event: EventSid,
    meta: &EventMeta,
) -> Result<Meaning, Error> {
    let engine = store.engine();
    let shown = meta.verdict == Verdict::Accepted && meta.place.is_some() && meta.redacted_by.is_none();
    if !shown || !may_be_searched(store, meta)? {
        return Ok(Meaning::Nothing);
    }
    let Some(pdu) = rooms.pdu_in_passing(event, meta)? else { return Ok(Meaning::Nothing) };
    let Some(kind) = kind_of(&pdu) else { return Ok(Meaning::Nothing) };
    if kind == Kind::Message
        && let Some(parent) = edited_by(&pdu)
    {
        let parent = store.ids().find_event(&parent)?;
        return Ok(parent.map_or(Meaning::Nothing, Meaning::EditOf));
    }
    if ACCOUNTS.get(engine, &meta.sender)?.is_some_and(|account| account.erased) {
        return Ok(Meaning::Nothing);
    }
    let edit = match kind {
        Kind::Message => rooms.newest_edit(engine, event, meta, &pdu)?,
        Kind::Name | Kind::Topic => None,
    };
    let (source, text) = match &edit {
        Some((edit, pdu)) => (*edit, new_body(pdu)),
        None => (event, text_of(kind, &pdu)),
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Meaning::Nothing) };
    Ok(Meaning::Text(Text {
        event,
        source,
        room: meta.room,
        sender: meta.sender,
        kind,
        has_url: pdu.content_field::<String>("url").is_some(),
        timestamp_ms: meta.timestamp_ms,
        text,
    }))
}

/// What is searched of an event on its own.
pub(crate) fn text_of_found(pdu: &Pdu) -> Option<String> {
    match kind_of(pdu)? {
        Kind::Message => new_body(pdu).or_else(|| text_of(Kind::Message, pdu)),
        kind => text_of(kind, pdu),
    }
}

/// Most state is out of the question, which is known without reading it.
fn may_be_searched(store: &Store, meta: &EventMeta) -> Result<bool, Error> {
    let Some(key) = meta.state_key else { return Ok(true) };
    let (kind, state_key) = store.ids().state_key_of(key)?;
    Ok(state_key.is_empty() && (kind == "m.room.name" || kind == "m.room.topic"))
}

fn kind_of(pdu: &Pdu) -> Option<Kind> {
    let kind = Kind::ALL.into_iter().find(|kind| pdu.kind_text() == kind.event_type())?;
    let is_state = kind != Kind::Message;
    (pdu.is_state() == is_state).then_some(kind)
}

fn text_of(kind: Kind, pdu: &Pdu) -> Option<String> {
    match kind {
        Kind::Message => pdu.content_field("body"),
        Kind::Name => pdu.content_field("name"),
        Kind::Topic => {
            let topic: Option<String> = pdu.content_field("topic");
            let plain = plain_topic(pdu).filter(|plain| topic.as_ref() != Some(plain));
            Some(topic.into_iter().chain(plain).collect::<Vec<_>>().join("\n"))
        }
    }
}

/// The plain text among the forms of a topic.
fn plain_topic(pdu: &Pdu) -> Option<String> {
    #[derive(Deserialize)]
    struct Block {
        #[serde(rename = "m.text")]
        forms: Vec<Form>,
    }
    #[derive(Deserialize)]
    struct Form {
        body: String,
        mimetype: Option<String>,
    }
    let block: Block = pdu.content_field("m.topic")?;
    let is_plain = |form: &Form| form.mimetype.as_deref().is_none_or(|mimetype| mimetype == "text/plain");
    block.forms.into_iter().find(is_plain).map(|form| form.body)
}

/// The body that an edit gives its message.
fn new_body(pdu: &Pdu) -> Option<String> {
    #[derive(Deserialize)]
    struct NewContent {
        body: String,
    }
    pdu.content_field::<NewContent>("m.new_content").map(|content| content.body)
}

/// The event that a message edits.
fn edited_by(pdu: &Pdu) -> Option<ruma::OwnedEventId> {
    #[derive(Deserialize)]
    struct RelatesTo {
        rel_type: String,
        event_id: String,
    }
    let relation: RelatesTo = pdu.content_field("m.relates_to")?;
    if relation.rel_type != "m.replace" {
        return None;
    }
    EventId::parse(relation.event_id).ok()
}
