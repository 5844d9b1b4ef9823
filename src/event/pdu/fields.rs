//! Reading the fields of an event out of its text, in one pass and without copying the content.

use std::{borrow::Cow, fmt, ops::Range};

use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, events::TimelineEventType};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Inner, STICKY_MS_MAX};
use crate::{ParseError, RoomVersion};

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    room_id: Option<Cow<'a, str>>,
    sender: OwnedUserId,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    state_key: Option<String>,
    prev_events: References,
    auth_events: References,
    depth: u64,
    origin_server_ts: Milliseconds,
    #[serde(borrow)]
    redacts: Option<&'a RawValue>,
    #[serde(borrow)]
    content: &'a RawValue,
    #[serde(borrow)]
    unsigned: Option<&'a RawValue>,
    #[serde(borrow, rename = "msc4354_sticky")]
    sticky: Option<&'a RawValue>,
}

pub(super) fn read(
    room_version: &'static RoomVersion,
    event_id: OwnedEventId,
    rejected: bool,
    json: String,
) -> Result<Inner, ParseError> {
    let fields: Fields<'_> = serde_json::from_str(&json).map_err(ParseError::field)?;
    let kind = TimelineEventType::from(fields.kind.as_ref());
    let room_id = match fields.room_id {
        // A room id on such an event is wrong (and `parse` refuses it); the room is still the one of the hash.
        _ if room_version.room_id_is_create_hash() && kind == TimelineEventType::RoomCreate => {
            room_id_of_create(&event_id)?
        }
        Some(room_id) => RoomId::parse(&*room_id).map_err(ParseError::field)?,
        None => return Err(ParseError::Field("missing `room_id`".to_owned())),
    };
    let redacts = match kind {
        _ if !room_version.redacts_in_content() => fields.redacts.map(RawValue::get),
        TimelineEventType::RoomRedaction => member(fields.content.get(), "redacts"),
        _ => None,
    };
    let kind_text = match &fields.kind {
        Cow::Borrowed(text) => Some(place(&json, text)),
        Cow::Owned(_) => None,
    };
    Ok(Inner {
        room_version,
        event_id,
        room_id,
        sender: fields.sender,
        kind,
        state_key: fields.state_key,
        prev_events: fields.prev_events.0,
        auth_events: fields.auth_events.0,
        redacts: redacts.and_then(|text| serde_json::from_str(text).ok()),
        depth: fields.depth,
        origin_server_ts: fields.origin_server_ts.0,
        rejected,
        sticky_ms: fields.sticky.and_then(|sticky| sticky_ms(sticky.get())),
        kind_text,
        content: place(&json, fields.content.get()),
        unsigned: fields.unsigned.map(|unsigned| place(&json, unsigned.get())),
        json,
    })
}

/// The room that a create event founds where rooms are named by the hash of that event.
pub(crate) fn room_id_of_create(event_id: &EventId) -> Result<OwnedRoomId, ParseError> {
    let hash = event_id.as_str().trim_start_matches('$');
    RoomId::parse(format!("!{hash}")).map_err(ParseError::field)
}

/// A duration that is longer than allowed is as long as allowed; what is none makes an event like any other.
fn sticky_ms(sticky: &str) -> Option<u64> {
    let duration_ms: u64 = serde_json::from_str(member(sticky, "duration_ms")?).ok()?;
    Some(duration_ms.min(STICKY_MS_MAX))
}

/// Where in the whole text a piece of it lies.
fn place(whole: &str, piece: &str) -> Range<usize> {
    let start = piece.as_ptr().addr() - whole.as_ptr().addr();
    start..start + piece.len()
}

/// The text of one member of an object, without reading the others.
pub(super) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    struct Member<'n>(&'n str);

    impl<'de> Visitor<'de> for Member<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if key == self.0 {
                    found = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(object);
    deserializer.deserialize_map(Member(name)).ok().flatten().map(RawValue::get)
}

/// The ids of a reference list: bare ids, or `[id, hashes]` as in room versions 1 and 2.
struct References(Vec<OwnedEventId>);

impl<'de> Deserialize<'de> for References {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let references = Vec::<Reference>::deserialize(deserializer)?;
        Ok(Self(references.into_iter().map(|reference| reference.0).collect()))
    }
}

struct Reference(OwnedEventId);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReferenceVisitor).map(Self)
    }
}

struct ReferenceVisitor;

impl<'de> Visitor<'de> for ReferenceVisitor {
    type Value = OwnedEventId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event id, or a pair of an event id and its hashes")
    }

    fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<OwnedEventId, E> {
        EventId::parse(id).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<OwnedEventId, A::Error> {
        let id = pair.next_element()?.ok_or_else(|| A::Error::custom("empty event reference"))?;
        while pair.next_element::<IgnoredAny>()?.is_some() {}
        Ok(id)
    }
}

/// A time. Whatever number a server puts there is kept within what a time can be.
struct Milliseconds(u64);

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MillisecondsVisitor;

        impl Visitor<'_> for MillisecondsVisitor {
            type Value = u64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in milliseconds")
            }

            fn visit_u64<E>(self, time: u64) -> Result<u64, E> {
                Ok(time)
            }

            fn visit_i64<E>(self, time: i64) -> Result<u64, E> {
                Ok(time.try_into().unwrap_or(0))
            }

            fn visit_f64<E>(self, time: f64) -> Result<u64, E> {
                // A float turns into the nearest value that fits; that is the intended meaning here.
                Ok(time as u64)
            }
        }

        deserializer.deserialize_any(MillisecondsVisitor).map(Self)
    }
}
