//! The event format: what each room version takes, and what no input may do.

mod hostile;

use ruma::CanonicalJsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PDU_BYTES_MAX, ParseError, Peek, parse_pdu, peek};
use crate::{
    RoomVersion,
    auth::tests::versions,
    factory::{World, message, number, state, version},
    hash,
    json::{Strictness, parse_object, to_text},
};

/// A message of this version, as it comes over the wire.
pub(super) fn received(version: &'static RoomVersion) -> Value {
    let world = World::new(version);
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({ "body": "hi" })));
    serde_json::from_str(pdu.json()).expect("JSON")
}

fn references(version: &RoomVersion, count: usize) -> Value {
    let reference = |index: usize| {
        if version.references_with_hashes() {
            json!([format!("${index}:a"), {}])
        } else {
            json!(format!("${index}"))
        }
    };
    (0..count).map(reference).collect()
}

type Change = fn(&mut Value, &RoomVersion);

/// What is changed about a good event, and the versions that take it nevertheless.
const CHANGES: &[(&str, Change, Option<&str>)] = &[
    ("nothing", |_, _| {}, Some("1-12")),
    ("no type", |e, _| remove(e, "type"), None),
    ("type of 255 bytes", |e, _| e["type"] = json!("t".repeat(255)), Some("1-12")),
    ("type of 256 bytes", |e, _| e["type"] = json!("t".repeat(256)), None),
    ("type of 255 letters but 510 bytes", |e, _| e["type"] = json!("ä".repeat(255)), None),
    ("type is a number", |e, _| e["type"] = json!(1), None),
    ("no sender", |e, _| remove(e, "sender"), None),
    ("sender is no user", |e, _| e["sender"] = json!("bob"), None),
    ("sender of 256 bytes", |e, _| e["sender"] = json!(format!("@{}:b", "x".repeat(253))), None),
    ("no room id", |e, _| remove(e, "room_id"), None),
    ("room id is none", |e, _| e["room_id"] = json!("room"), None),
    ("room id names a server", |e, _| e["room_id"] = json!("!room:a"), Some("1-11")),
    ("room id names no server", |e, _| e["room_id"] = json!("!room"), Some("12")),
    ("no event id", |e, _| remove(e, "event_id"), Some("3-12")),
    ("event id names no server", |e, _| e["event_id"] = json!("$x"), Some("3-12")),
    ("event id names a server", |e, _| e["event_id"] = json!("$x:y"), Some("1-12")),
    ("state key", |e, _| e["state_key"] = json!(""), Some("1-12")),
    ("state key is null", |e, _| e["state_key"] = json!(null), None),
    ("state key of 255 bytes", |e, _| e["state_key"] = json!("k".repeat(255)), Some("1-12")),
    ("state key of 256 bytes", |e, _| e["state_key"] = json!("k".repeat(256)), None),
    ("no content", |e, _| remove(e, "content"), None),
    ("content is an array", |e, _| e["content"] = json!([]), None),
    ("no hashes", |e, _| remove(e, "hashes"), None),
    ("no SHA-256", |e, _| e["hashes"] = json!({ "md5": "x" }), None),
    ("no signatures", |e, _| remove(e, "signatures"), None),
    ("signatures of a server are a string", |e, _| e["signatures"] = json!({ "a": "x" }), None),
    ("a signature is a number", |e, _| e["signatures"] = json!({ "a": { "ed25519:a": 1 } }), None),
    ("no prev_events", |e, _| remove(e, "prev_events"), None),
    ("20 prev_events", |e, v| e["prev_events"] = references(v, 20), Some("1-12")),
    ("21 prev_events", |e, v| e["prev_events"] = references(v, 21), None),
    ("10 auth_events", |e, v| e["auth_events"] = references(v, 10), Some("1-12")),
    ("11 auth_events", |e, v| e["auth_events"] = references(v, 11), None),
    ("references are ids", |e, _| e["prev_events"] = json!(["$x:a"]), Some("3-12")),
    ("references are pairs", |e, _| e["prev_events"] = json!([["$x:a", { "sha256": "x" }]]), Some("1-2")),
    ("references are pairs of more", |e, _| e["prev_events"] = json!([["$x:a", {}, {}]]), None),
    ("references are objects", |e, _| e["auth_events"] = json!([{}]), None),
    ("references are no ids", |e, _| e["auth_events"] = json!(["x"]), None),
    ("no depth", |e, _| remove(e, "depth"), None),
    ("depth below zero", |e, _| e["depth"] = json!(-1), None),
    ("depth is a float", |e, _| e["depth"] = json!(1.5), None),
    ("depth of 2^53 - 1", |e, _| e["depth"] = json!((1_u64 << 53) - 1), Some("1-12")),
    ("depth of 2^53", |e, _| e["depth"] = json!(1_u64 << 53), Some("1-5")),
    ("depth of 2^63 - 1", |e, _| e["depth"] = json!(i64::MAX), Some("1-5")),
    ("depth of 2^63", |e, _| e["depth"] = json!(1_u64 << 63), None),
    ("no time", |e, _| remove(e, "origin_server_ts"), None),
    ("time is a string", |e, _| e["origin_server_ts"] = json!("1"), None),
    ("time before 1970", |e, _| e["origin_server_ts"] = json!(-1), Some("1-12")),
    ("time is a float", |e, _| e["origin_server_ts"] = json!(1.5), Some("1-5")),
    ("a float in the content", |e, _| e["content"]["x"] = json!(1.5), Some("1-5")),
    ("2^53 in the content", |e, _| e["content"]["x"] = json!(1_u64 << 53), Some("1-5")),
    ("-2^53 + 1 in the content", |e, _| e["content"]["x"] = json!(1 - (1_i64 << 53)), Some("1-12")),
    ("a field nobody knows", |e, _| e["origin"] = json!("a"), Some("1-12")),
];

fn remove(event: &mut Value, field: &str) {
    event.as_object_mut().expect("an object").remove(field);
}

#[test]
fn format() {
    for version in RoomVersion::all() {
        let good = received(version);
        for (what, change, takers) in CHANGES {
            let mut event = good.clone();
            change(&mut event, version);
            let takes = takers
                .is_some_and(|range| versions(range).iter().any(|taker| number(taker) == number(version)));
            let parsed = parse_pdu(version, &event.to_string());
            assert_eq!(parsed.is_ok(), takes, "{version:?}, {what}: {parsed:?}");
        }
    }
}

#[test]
fn create_events_name_no_room_since_version_12() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.found(json!({}));
        let create = world.state_event(&fork, &"m.room.create".into(), "").expect("create");
        let mut event: Value = serde_json::from_str(create.json()).expect("JSON");
        if version.room_id_is_create_hash() {
            assert_eq!(event.get("room_id"), None);
            assert_eq!(create.room_id().strip_sigil(), &create.event_id().as_str()[1..]);
            event["room_id"] = json!(create.room_id());
        } else {
            remove(&mut event, "room_id");
        }
        assert!(parse_pdu(version, &event.to_string()).is_err(), "{version:?}");
    }
}

#[test]
fn size() {
    for version in RoomVersion::all() {
        let mut event = received(version);
        let with_body = |event: &mut Value, body: String| {
            event["content"]["body"] = json!(body);
            let text = event.to_string();
            let canonical = parse_object(&text, Strictness::Strict).map(|event| to_text(&event).len());
            (parse_pdu(version, &text), canonical.expect("JSON"))
        };
        let (_, without) = with_body(&mut event, String::new());
        let (parsed, bytes) = with_body(&mut event, "x".repeat(PDU_BYTES_MAX - without));
        assert_eq!(bytes, PDU_BYTES_MAX);
        assert!(parsed.is_ok(), "{version:?}: {parsed:?}");
        let (parsed, _) = with_body(&mut event, "x".repeat(PDU_BYTES_MAX + 1 - without));
        assert_eq!(parsed.err(), Some(ParseError::TooLarge), "{version:?}");
        // Escapes and spaces do not count, as long as there is an end to them.
        event["content"]["body"] = json!("x".repeat(PDU_BYTES_MAX - without));
        let escaped = event.to_string().replace("xxxx", r"\u0078xxx").replace(",\"", "\n,\t\"");
        assert!(escaped.len() > 2 * PDU_BYTES_MAX);
        let parsed = parse_pdu(version, &escaped);
        assert!(parsed.is_ok(), "{version:?}: {parsed:?}");
        let spaces = " ".repeat(super::RECEIVED_PDU_BYTES_MAX);
        assert_eq!(parse_pdu(version, &(escaped + &spaces)).err(), Some(ParseError::TooLarge));
    }
}

#[test]
fn keys_twice() {
    for version in RoomVersion::all() {
        let text = received(version).to_string().replace(r#""content":{"#, r#""content":{"x":1,"x":2,"#);
        assert_eq!(parse_pdu(version, &text).is_ok(), !version.strict_json(), "{version:?}");
    }
}

#[test]
fn the_unsigned_part_of_others_is_dropped() {
    for version in RoomVersion::all() {
        let mut event = received(version);
        event["unsigned"] =
            json!({ "age": 1, "transaction_id": "x", "prev_content": {}, "invite_room_state": [] });
        let pdu = parse_pdu(version, &event.to_string()).expect("an event");
        assert!(pdu.unsigned().is_none());
        event["type"] = json!("m.room.member");
        let pdu = parse_pdu(version, &event.to_string()).expect("an event");
        assert_eq!(pdu.unsigned().map(|unsigned| unsigned.get()), Some(r#"{"invite_room_state":[]}"#));
        event["unsigned"] = json!("nonsense");
        assert!(parse_pdu(version, &event.to_string()).expect("an event").unsigned().is_none());
    }
}

#[test]
fn ids() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let number = number(version);
        let mut alphabet = String::new();
        for body in 0..40 {
            let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({ "body": body })));
            alphabet.push_str(pdu.event_id().as_str());
            let theirs: CanonicalJsonObject = serde_json::from_str(pdu.json()).expect("JSON");
            let event = parse_object(pdu.json(), Strictness::Strict).expect("JSON");
            let content_hash = ruma::signatures::content_hash(&theirs).expect("hashes").encode();
            assert_eq!(hash::to_base64(&hash::content_hash(&event)), content_hash);
            let reference_hash = ruma::signatures::reference_hash(&theirs, version.rules()).expect("hashes");
            if number >= 3 {
                assert_eq!(pdu.event_id().as_str(), format!("${reference_hash}"));
            } else {
                assert_eq!(hash::to_base64(&hash::reference_hash(version, &event)), reference_hash);
            }
        }
        let has = |chars: [char; 2]| alphabet.contains(chars);
        match number {
            1..=2 => assert!(alphabet.contains(":b"), "ids name the server"),
            3 => assert!(has(['+', '/']) && !has(['-', '_']), "the standard alphabet"),
            _ => assert!(has(['-', '_']) && !has(['+', '/']), "the URL-safe alphabet"),
        }
    }
}

#[derive(Deserialize)]
struct LaxVector {
    event: String,
    canonical: String,
    content_hash: String,
}

/// Made with another language's JSON library, the one that signed most events of the old room versions.
#[test]
fn lax_events_hash_as_elsewhere() {
    let vectors: Vec<LaxVector> =
        serde_json::from_str(include_str!("../../../tests/vectors/lax_events.json")).expect("valid vectors");
    for LaxVector { event, canonical, content_hash } in vectors {
        let event = parse_object(&event, Strictness::Lax).expect("JSON");
        assert_eq!(to_text(&event), canonical);
        assert_eq!(hash::to_base64(&hash::content_hash(&event)), content_hash);
    }
}

#[test]
fn lax_events_survive_storage() {
    let version = version("5");
    let world = World::new(version);
    let fork = world.room(json!({}));
    let numbers = json!({ "float": 1.0, "huge": 1e300, "small": -0.5 });
    let pdu = world.make(&fork, state("@bob:b", "org.example", "", numbers));
    assert_eq!(pdu.content_text(), r#"{"float":1.0,"huge":1e+300,"small":-0.5}"#);
    let received = parse_pdu(version, pdu.json()).expect("an event");
    assert_eq!(received.event_id(), pdu.event_id());
    assert!(crate::verify::verify(&received, &world.public_keys(&["b"])).expect("signed").hash_matched());
}

#[test]
fn a_first_look() {
    let look = |value: Value| peek(&value.to_string());
    let kind = || "m.room.create".to_owned();
    let nameless = Peek { room_id: None, event_id: None, kind: kind(), room_version: Some("12".to_owned()) };
    assert_eq!(look(json!({ "type": "m.room.create", "content": { "room_version": "12" } })), Ok(nameless));
    let first =
        look(json!({ "type": "m.room.create", "room_id": "!a:b", "event_id": "$x:b", "content": {} }));
    let first = first.expect("an event");
    assert_eq!(first.room_version.as_deref(), Some("1"));
    assert_eq!(first.event_id.expect("its own").as_str(), "$x:b");
    let message =
        look(json!({ "type": "m.room.message", "room_id": "!a:b", "content": { "room_version": "9" } }));
    assert_eq!(message.expect("an event").room_version, None);
    assert!(look(json!({ "room_id": "!a:b" })).is_err());
    assert!(look(json!({ "type": "x", "room_id": 1 })).is_err());
    assert!(peek(&"[".repeat(100_000)).is_err());
}

#[test]
fn types_keep_their_spelling() {
    // ruma knows this as another spelling of a newer type; state must not move under that.
    let spelling = "org.matrix.call.sdp_stream_metadata_changed";
    let world = World::new(version("11"));
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, state("@mod:a", "org.example", "", json!({})));
    let text = pdu.json().replace("org.example", spelling);
    let pdu = parse_pdu(version("11"), &text).expect("an event");
    assert_eq!(pdu.kind_text(), spelling);
    assert_eq!(pdu.state_entry().expect("state").0.to_string(), spelling);
    let escaped = parse_pdu(version("11"), &pdu.json().replace(spelling, r#"a\"b"#)).expect("an event");
    assert_eq!(escaped.kind_text(), "a\"b");
}
