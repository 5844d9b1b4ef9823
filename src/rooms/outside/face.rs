//! The face that a room shows to somebody who is not in it, as another server tells it: checked, and cut to what
//! clients get.
//! <https://spec.matrix.org/v1.19/client-server-api/#stripped-state>
//!
//! Nobody vouches for these events: they are shown, and nothing is concluded from them. That the create event is the
//! room's own is proved where the room's id is its hash.

use kith_event::{
    Pdu, RoomVersion,
    json::{Object, Strictness, Value, parse_object, to_text},
    parse::PDU_BYTES_MAX,
    parse_pdu,
};
use ruma::{RoomId, UserId};
use serde_json::value::RawValue;

/// How many events a room may show of itself.
const FACE_EVENTS_MAX: usize = 100;
/// How many bytes they may have together.
const FACE_BYTES_MAX: usize = 4 * PDU_BYTES_MAX;

/// What a room shows of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Face {
    /// The stripped events, each as JSON.
    events: Vec<String>,
    /// The create event, where it came whole.
    pub(crate) create: Option<Pdu>,
}

/// Why a face is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FaceError {
    /// It is larger than a face may be.
    #[error("the room shows more than {FACE_EVENTS_MAX} events or {FACE_BYTES_MAX} bytes of itself")]
    TooLarge,
    /// One of its events is none, or belongs to another room.
    #[error("the state that the room shows is malformed: {0}")]
    Malformed(String),
    /// The create event is missing where it is the proof of the room's name.
    #[error("the create event of the room is missing, or incomplete")]
    NoCreate,
}

impl Face {
    /// Reads what came with an invite to `user`: all of it must make sense.
    pub(crate) fn read(
        room_version: &'static RoomVersion,
        room_id: &RoomId,
        user: &UserId,
        events: &[Box<RawValue>],
    ) -> Result<Self, FaceError> {
        let bytes: usize = events.iter().map(|event| event.get().len()).sum();
        if events.len() > FACE_EVENTS_MAX || bytes > FACE_BYTES_MAX {
            return Err(FaceError::TooLarge);
        }
        let mut face = Self::default();
        for event in events {
            face.add(room_version, room_id, user, event)?;
        }
        if room_version.room_id_is_create_hash() && face.create.is_none() {
            return Err(FaceError::NoCreate);
        }
        Ok(face)
    }

    /// Reads what came with the answer to a knock, which cannot be undone: what makes no sense is left away.
    pub(crate) fn read_leniently(
        room_version: &'static RoomVersion,
        room_id: &RoomId,
        user: &UserId,
        events: &[Box<RawValue>],
    ) -> Self {
        let (mut face, mut bytes) = (Self::default(), 0);
        for event in events.iter().take(FACE_EVENTS_MAX) {
            bytes += event.get().len();
            if bytes > FACE_BYTES_MAX {
                break;
            }
            if let Err(error) = face.add(room_version, room_id, user, event) {
                tracing::debug!(%room_id, %error, "an event that a room shows is left away");
            }
        }
        face
    }

    /// The face with one more event, as a JSON array.
    pub(crate) fn with(&self, last: &str) -> String {
        let mut text = String::from("[");
        for event in &self.events {
            text.push_str(event);
            text.push(',');
        }
        text.push_str(last);
        text.push(']');
        text
    }

    fn add(
        &mut self,
        room_version: &'static RoomVersion,
        room_id: &RoomId,
        user: &UserId,
        event: &RawValue,
    ) -> Result<(), FaceError> {
        let malformed = |what: &str| FaceError::Malformed(what.to_owned());
        let fields = parse_object(event.get(), Strictness::Lax)
            .map_err(|error| FaceError::Malformed(error.to_string()))?;
        let kind = fields.get("type").and_then(Value::as_str).ok_or_else(|| malformed("no type"))?;
        let state_key =
            fields.get("state_key").and_then(Value::as_str).ok_or_else(|| malformed("no state key"))?;
        let sender = fields.get("sender").and_then(Value::as_str);
        if sender.is_none_or(|sender| UserId::parse(sender).is_err()) {
            return Err(malformed("no sender"));
        }
        if fields.get("content").and_then(Value::as_object).is_none() {
            return Err(malformed("no content"));
        }
        if fields.get("room_id").is_some_and(|of| of.as_str() != Some(room_id.as_str())) {
            return Err(malformed("an event of another room"));
        }
        if fields.contains_key("hashes") && fields.contains_key("signatures") {
            let pdu = parse_pdu(room_version, event.get())
                .map_err(|error| FaceError::Malformed(error.to_string()))?;
            if pdu.room_id() != room_id {
                return Err(malformed("an event of another room"));
            }
            if kind == "m.room.create" && state_key.is_empty() {
                self.create = Some(pdu);
            }
        }
        // What the user is to the room is said by the event that comes with the face.
        if kind != "m.room.member" || state_key != user.as_str() {
            self.events.push(stripped(&fields));
        }
        Ok(())
    }
}

fn stripped(fields: &Object) -> String {
    let kept = ["content", "sender", "state_key", "type"];
    let stripped: Object =
        kept.iter().filter_map(|key| Some(((*key).to_owned(), fields.get(*key)?.clone()))).collect();
    to_text(&stripped)
}

#[cfg(test)]
mod tests {
    use ruma::{room_id, user_id};
    use serde_json::{Value as Json, json, value::to_raw_value};

    use super::*;

    #[track_caller]
    fn read(version: &str, events: &[Json]) -> Result<Face, FaceError> {
        let version = RoomVersion::find(version).expect("known");
        let events: Vec<_> = events.iter().map(|event| to_raw_value(event).expect("JSON")).collect();
        Face::read(version, room_id!("!room:a.example"), user_id!("@bob:b.example"), &events)
    }

    fn event(kind: &str, state_key: &str) -> Json {
        json!({ "type": kind, "state_key": state_key, "sender": "@alice:a.example", "content": {}, "more": 1 })
    }

    #[test]
    fn events_are_cut_to_what_clients_get() {
        let events = [event("m.room.name", ""), event("m.room.member", "@bob:b.example")];
        let face = read("11", &events).expect("makes sense");
        let shown: Json = serde_json::from_str(&face.with("{}")).expect("JSON");
        let name =
            json!({ "type": "m.room.name", "state_key": "", "sender": "@alice:a.example", "content": {} });
        assert_eq!(shown, json!([name, {}]));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (key, value) in [
            ("type", json!(7)),
            ("state_key", json!(null)),
            ("sender", json!("nobody")),
            ("content", json!([])),
            ("room_id", json!("!other:a.example")),
            ("room_id", json!(7)),
        ] {
            let mut broken = event("m.room.name", "");
            broken[key] = value;
            assert!(matches!(read("11", &[broken]), Err(FaceError::Malformed(_))), "{key}");
        }
        assert!(matches!(read("11", &[json!([])]), Err(FaceError::Malformed(_))));
        let many = vec![event("m.room.name", ""); FACE_EVENTS_MAX + 1];
        assert_eq!(read("11", &many).err(), Some(FaceError::TooLarge));
        let mut large = event("m.room.topic", "");
        large["content"] = json!({ "topic": "x".repeat(FACE_BYTES_MAX) });
        assert_eq!(read("11", &[large]).err(), Some(FaceError::TooLarge));
    }

    #[test]
    fn a_room_named_by_its_create_event_shows_it_whole() {
        assert_eq!(read("12", &[event("m.room.create", "")]).err(), Some(FaceError::NoCreate));
        let whole = json!({
            "type": "m.room.create", "state_key": "", "sender": "@alice:a.example", "depth": 1,
            "content": { "room_version": "12" }, "origin_server_ts": 1, "prev_events": [], "auth_events": [],
            "hashes": { "sha256": "aGFzaA" }, "signatures": {},
        });
        // Its hash is another room's name.
        assert!(matches!(read("12", &[whole]), Err(FaceError::Malformed(_))));
        assert!(read("11", &[event("m.room.create", "")]).is_ok());
    }
}
