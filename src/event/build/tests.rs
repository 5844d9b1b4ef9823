//! Building: what the builder puts into an event, by room version.

use ruma::{EventId, UserId};
use serde_json::{Value, json, value::to_raw_value};

use super::{BuildError, Context, Draft, EventRef, build};
use crate::{
    ParseError, RoomVersion,
    factory::{Say, World, message, state, version},
    json::{NESTING_DEPTH_MAX, nesting},
    parse_pdu,
};

#[test]
fn redactions_name_their_target_where_the_version_wants_it() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(
            &fork,
            Say {
                redacts: Some("$target:b"),
                ..message("@bob:b", "m.room.redaction", json!({ "reason": "r" }))
            },
        );
        let json: Value = serde_json::from_str(pdu.json()).expect("JSON");
        let (top, content) = (json["redacts"].is_string(), json["content"]["redacts"].is_string());
        assert_eq!(
            (top, content),
            (!version.redacts_in_content(), version.redacts_in_content()),
            "{version:?}"
        );
        assert_eq!(pdu.redacts().map(EventId::as_str), Some("$target:b"));
    }
}

#[test]
fn references_carry_hashes_until_version_2() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.room(json!({}));
        let before = world.put(&mut fork, message("@bob:b", "m.room.message", json!({})));
        let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
        let json: Value = serde_json::from_str(pdu.json()).expect("JSON");
        if version.references_with_hashes() {
            let hash = EventRef::from(&before).hash.expect("the version wants it");
            assert_eq!(json["prev_events"], json!([[before.event_id(), { "sha256": hash }]]));
        } else {
            assert_eq!(json["prev_events"], json!([before.event_id()]));
        }
        assert_eq!(pdu.prev_events(), [before.event_id().clone()]);
    }
}

#[test]
fn contents_leave_room_for_the_event_around_them() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let sender = UserId::parse("@bob:b").expect("valid");
        let content = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
        let say = message("@bob:b", "m.room.message", content(NESTING_DEPTH_MAX - 1));
        let deepest = world.make(&fork, say);
        assert_eq!(nesting(deepest.json().as_bytes()), NESTING_DEPTH_MAX);
        let read = parse_pdu(version, deepest.json()).expect("can be read");
        assert_eq!(read.event_id(), deepest.event_id());
        let deeper = to_raw_value(&content(NESTING_DEPTH_MAX)).expect("JSON");
        let draft = Draft::message("m.room.message".into(), deeper);
        let refused = build(draft, &world.context(&fork, &sender));
        assert!(matches!(refused, Err(BuildError::Content(_))), "{refused:?}");
    }
}

#[test]
fn contents_must_be_canonical_objects() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let sender = UserId::parse("@bob:b").expect("valid");
        let build_with = |content: Value| {
            let content = to_raw_value(&content).expect("JSON");
            build(Draft::message("m.room.message".into(), content), &world.context(&fork, &sender))
        };
        assert!(build_with(json!({})).is_ok());
        assert!(matches!(build_with(json!([])), Err(BuildError::Content(_))));
        assert_eq!(build_with(json!({ "x": 1.5 })).is_ok(), !version.strict_json(), "{version:?}");
        let large = build_with(json!({ "x": "x".repeat(70_000) }));
        assert!(matches!(large, Err(BuildError::Format(ParseError::TooLarge))), "{version:?}");
    }
}

#[test]
fn depth_stops_at_its_maximum() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let sender = UserId::parse("@bob:b").expect("valid");
        let context = Context { depth: u64::MAX, ..world.context(&fork, &sender) };
        let content = to_raw_value(&json!({})).expect("JSON");
        let pdu = build(Draft::message("m.room.message".into(), content), &context).expect("an event");
        assert_eq!(pdu.depth(), version.depth_max(), "{version:?}");
    }
}

#[test]
fn too_long_a_state_key_is_refused() {
    let world = World::new(version("11"));
    let fork = world.room(json!({}));
    let sender = UserId::parse("@bob:b").expect("valid");
    let draft = Draft::state_of("org.example".into(), "k".repeat(256), &json!({})).expect("JSON");
    let built = build(draft, &world.context(&fork, &sender));
    assert!(matches!(built, Err(BuildError::Format(ParseError::Field(_)))));
}

#[test]
fn what_is_built_can_be_read() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.room(json!({}));
        let content = json!({ "name": "n", "nested": { "z": [1, null, true], "a": "ü\n\"" } });
        let pdu = world.put(&mut fork, state("@mod:a", "m.room.name", "", content.clone()));
        assert_eq!(pdu.sender().as_str(), "@mod:a");
        assert_eq!(pdu.kind().to_string(), "m.room.name");
        assert_eq!(pdu.state_key(), Some(""));
        assert_eq!(pdu.content_as::<Value>().expect("JSON"), content);
        assert_eq!(pdu.content_field::<String>("name").as_deref(), Some("n"));
        assert_eq!(pdu.content_field::<u64>("name"), None, "another type");
        assert_eq!(pdu.content_field::<u64>("absent"), None);
        assert_eq!(pdu.content_member("nested"), Some(r#"{"a":"ü\n\"","z":[1,null,true]}"#));
        assert_eq!(pdu.content().get(), pdu.content_text());
        assert!(!pdu.rejected());
        assert!(pdu.with_rejected(true).rejected());
        assert_eq!(pdu.with_rejected(true).json(), pdu.json());
        assert!(pdu.memory_bytes() > pdu.json().len());
    }
}
