//! What clients are shown, to the letter.

use ruma::{EventId, UserId, events::AnyTimelineEvent, serde::Raw};
use serde_json::{Value, json};

use super::{RoomIdIn, Unsigned, client_event, into_raw, stripped_state};
use crate::{
    RoomVersion,
    factory::{Say, World, message, state, version},
};

#[test]
fn a_message() {
    let world = World::new(version("11"));
    let fork = world.room(json!({}));
    let pdu = world
        .make(&fork, message("@bob:b", "m.room.message", json!({ "body": "\"hi\"\n", "msgtype": "m.text" })));
    let id = pdu.event_id();
    assert_eq!(
        client_event(&pdu, &Unsigned::default(), RoomIdIn::Context),
        format!(
            r#"{{"content":{{"body":"\"hi\"\n","msgtype":"m.text"}},"event_id":"{id}","origin_server_ts":1700000000000,"sender":"@bob:b","type":"m.room.message"}}"#
        )
    );
    let own = Unsigned { age: Some(-5), transaction_id: Some("t\"1"), ..Unsigned::default() };
    assert_eq!(
        client_event(&pdu, &own, RoomIdIn::Event),
        format!(
            r#"{{"content":{{"body":"\"hi\"\n","msgtype":"m.text"}},"event_id":"{id}","origin_server_ts":1700000000000,"room_id":"!room:a","sender":"@bob:b","type":"m.room.message","unsigned":{{"age":-5,"transaction_id":"t\"1"}}}}"#
        )
    );
}

#[test]
fn a_state_event_with_everything() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, state("@mod:a", "m.room.topic", "k\"", json!({ "topic": "new" })));
        let sender = UserId::parse("@bob:b").expect("valid");
        let replaced = EventId::parse("$old").expect("valid");
        let unsigned = Unsigned {
            age: Some(7),
            membership: Some("join"),
            prev_content: Some(r#"{"topic":"old"}"#),
            prev_sender: Some(&sender),
            replaces_state: Some(&replaced),
            transaction_id: Some("t"),
            redacted_because: Some(r#"{"type":"m.room.redaction"}"#),
            relations: Some(r#"{"m.thread":{}}"#),
            extra: &[("org.example", "[1]")],
        };
        let shown: Value =
            serde_json::from_str(&client_event(&pdu, &unsigned, RoomIdIn::Event)).expect("JSON");
        let expected = json!({
            "content": { "topic": "new" }, "event_id": pdu.event_id(), "origin_server_ts": pdu.origin_server_ts(),
            "room_id": pdu.room_id(), "sender": "@mod:a", "state_key": "k\"", "type": "m.room.topic",
            "unsigned": {
                "age": 7, "membership": "join", "prev_content": { "topic": "old" }, "prev_sender": "@bob:b",
                "replaces_state": "$old", "transaction_id": "t",
                "redacted_because": { "type": "m.room.redaction" }, "m.relations": { "m.thread": {} },
                "org.example": [1],
            },
        });
        assert_eq!(shown, expected, "{version:?}");
    }
}

#[test]
fn redactions_show_their_target_in_both_places() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        for content in [json!({}), json!({ "reason": "spam" })] {
            let say = message("@bob:b", "m.room.redaction", content.clone());
            let pdu = world.make(&fork, Say { redacts: Some("$target:b"), ..say });
            let text = client_event(&pdu, &Unsigned::default(), RoomIdIn::Context);
            let shown: Value = serde_json::from_str(&text).expect("JSON");
            let mut expected = content;
            expected["redacts"] = json!("$target:b");
            assert_eq!(shown["content"], expected, "{version:?}");
            assert_eq!(shown["redacts"], "$target:b", "{version:?}");
        }
        // Only redactions have a target.
        let other = world.make(&fork, message("@bob:b", "m.room.message", json!({ "redacts": "$x:b" })));
        assert!(!client_event(&other, &Unsigned::default(), RoomIdIn::Event).contains(r#"},"redacts""#));
    }
}

#[test]
fn stripped() {
    let world = World::new(version("12"));
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, state("@mod:a", "m.room.name", "", json!({ "name": "n" })));
    assert_eq!(
        stripped_state(&pdu),
        r#"{"content":{"name":"n"},"sender":"@mod:a","state_key":"","type":"m.room.name"}"#
    );
}

#[test]
fn ruma_reads_it() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        for event_id in fork.state.values() {
            let text = client_event(&world.get(event_id), &Unsigned::default(), RoomIdIn::Event);
            let raw: Raw<AnyTimelineEvent> = into_raw(text);
            let event = raw.deserialize().expect("an event");
            assert_eq!(event.event_id(), event_id);
        }
    }
}
