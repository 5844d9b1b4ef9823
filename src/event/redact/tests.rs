//! What redaction leaves, by type and room version.

use std::collections::BTreeMap;

use ruma::{CanonicalJsonObject, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{may_redact, redact, redacted_object};
use crate::{
    Pdu, RoomVersion,
    auth::tests::versions,
    factory::{Say, World, message, state},
    json::{Strictness, parse_object, to_text},
    power::Powers,
};

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "type")]
    kind: String,
    content: Value,
    /// What is kept, by range of room versions.
    kept: BTreeMap<String, Value>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../tests/vectors/redaction.json")).expect("valid vectors")
}

/// An event with every top-level field that any room version keeps, and some that none does.
fn event(kind: &str, content: &Value) -> Value {
    json!({
        "type": kind, "content": content, "event_id": "$x:a", "room_id": "!x:a", "sender": "@a:a", "state_key": "",
        "hashes": { "sha256": "x" }, "signatures": {}, "depth": 1, "prev_events": [], "auth_events": [],
        "origin_server_ts": 1, "origin": "a", "membership": "join", "prev_state": [], "unsigned": { "age": 1 },
        "redacts": "$y", "custom": 1,
    })
}

#[test]
fn contents() {
    for Vector { kind, content, kept } in vectors() {
        let mut covered = 0;
        for (range, kept) in kept {
            for version in versions(&range) {
                let event =
                    parse_object(&event(&kind, &content).to_string(), Strictness::Strict).expect("JSON");
                let redacted: Value =
                    serde_json::from_str(&to_text(&redacted_object(version, &event))).expect("JSON");
                assert_eq!(redacted["content"], kept, "{kind} in {version:?}");
                covered += 1;
            }
        }
        let specified = RoomVersion::all().iter().filter(|version| version.is_stable()).count();
        assert_eq!(covered, specified, "{kind}: a version is missing or named twice");
    }
}

#[test]
fn top_level() {
    for version in RoomVersion::all() {
        let event =
            parse_object(&event("m.room.topic", &json!({})).to_string(), Strictness::Strict).expect("JSON");
        let redacted = redacted_object(version, &event);
        let keys: Vec<&str> = redacted.keys().map(String::as_str).collect();
        let mut kept = vec![
            "auth_events",
            "content",
            "depth",
            "event_id",
            "hashes",
            "origin_server_ts",
            "prev_events",
            "room_id",
            "sender",
            "signatures",
            "state_key",
            "type",
        ];
        if !version.redacts_in_content() {
            kept.extend(["origin", "membership", "prev_state"]);
            kept.sort_unstable();
        }
        assert_eq!(keys, kept, "{version:?}");
    }
}

/// Another implementation of the same rules agrees, but for a third-party invite that is not an object.
#[test]
fn as_ruma_has_it() {
    for Vector { kind, content, .. } in vectors() {
        if content["third_party_invite"].is_string() {
            continue;
        }
        for version in RoomVersion::all() {
            let text = event(&kind, &content).to_string();
            let ours = redacted_object(version, &parse_object(&text, Strictness::Strict).expect("JSON"));
            let theirs: CanonicalJsonObject = serde_json::from_str(&text).expect("JSON");
            let theirs =
                ruma::canonical_json::redact(theirs, &version.rules().redaction, None).expect("an event");
            assert_eq!(
                to_text(&ours),
                serde_json::to_string(&theirs).expect("JSON"),
                "{kind} in {version:?}"
            );
        }
    }
}

#[test]
fn redacting_keeps_id_and_place() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.room(json!({}));
        let original = world.put(&mut fork, message("@bob:b", "m.room.message", json!({ "body": "secret" })));
        let redaction = redaction_of(&world, "@bob:b", &original);
        for because in [None, Some(&redaction)] {
            let redacted = redact(&original, because);
            assert_eq!(redacted.event_id(), original.event_id());
            assert_eq!(redacted.prev_events(), original.prev_events());
            assert!(!redacted.json().contains("secret"));
            assert_eq!(redacted.unsigned().is_some(), because.is_some());
            // As a stored event it is read back as the same.
            let read =
                Pdu::from_stored(version, redacted.event_id().clone(), false, redacted.json().to_owned());
            assert_eq!(read.expect("an event").json(), redacted.json());
        }
    }
}

fn redaction_of(world: &World, sender: &str, target: &Pdu) -> Pdu {
    let fork = world.room(json!({}));
    let redacts = Some(target.event_id().as_str());
    world.make(&fork, Say { redacts, ..message(sender, "m.room.redaction", json!({})) })
}

#[test]
fn who_may_redact() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.room(json!({}));
        let by_bob = world.put(&mut fork, message("@bob:b", "m.room.message", json!({})));
        let by_mod = world.put(&mut fork, message("@mod:a", "m.room.message", json!({})));
        let create = world.state_event(&fork, &"m.room.create".into(), "").expect("create");
        let levels = world.state_event(&fork, &"m.room.power_levels".into(), "").expect("levels");
        let powers = Powers::new(&create, Some(&levels));
        let allowed = |sender, target| may_redact(&redaction_of(&world, sender, target), target, &powers);
        assert!(allowed("@bob:b", &by_bob), "one's own");
        assert!(allowed("@erin:b", &by_bob), "of one's own server");
        assert!(allowed("@mod:a", &by_bob), "by power");
        assert!(!allowed("@bob:b", &by_mod), "neither");
        let strict =
            world.put(&mut fork, state("@alice:a", "m.room.power_levels", "", json!({ "redact": 200 })));
        let powers = Powers::new(&create, Some(&strict));
        let by_alice = redaction_of(&world, "@alice:a", &by_bob);
        assert_eq!(may_redact(&by_alice, &by_bob, &powers), version.creators_are_privileged(), "{version:?}");
        assert_eq!(powers.of(&UserId::parse("@bob:b").expect("valid")), ruma::Int::default());
    }
}
