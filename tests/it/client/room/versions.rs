//! Every room version there is: rooms of it can be made and lived in.

use serde_json::json;

use crate::harness::{Server, User, bodies, encode, event_ids, find_event, list, types};

async fn lives(alice: &User, bob: &User, version: u8) {
    let options = json!({"room_version": version.to_string(), "preset": "private_chat", "name": "Tea"});
    let room = alice.create_room(options).await;
    alice.invite(&room, bob).await.ok();
    bob.join(&room).await.ok();
    let (hello, answer) = (alice.say(&room, "hello").await, bob.say(&room, "and to you").await);
    check_ids(version, &room, &hello);
    let create = alice.state(&room, "m.room.create", "").await.ok();
    assert_eq!(create["room_version"], version.to_string());
    assert_eq!(create["creator"].is_string(), version < 11, "{version}: {create}");

    alice.set_state(&room, "m.room.topic", "", json!({"topic": "milk first?"})).await.ok();
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "never"})).await.refused(403, "M_FORBIDDEN");
    let redaction = alice.redact(&room, &answer, "r1", json!({"reason": "rude"})).await.event_id();
    let page = bob.messages(&room, "dir=f&limit=100").await;
    let events = &page["chunk"];
    assert_eq!(types(events)[0], "m.room.create");
    assert_eq!(bodies(events), ["hello"], "version {version}");
    let redaction = find_event(events, &redaction);
    // Clients find the target in both places, whichever the version signs.
    assert_eq!((&redaction["redacts"], &redaction["content"]["redacts"]), (&json!(answer), &json!(answer)));
    let redacted = find_event(events, &answer);
    assert_eq!(redacted["content"], json!({}));
    assert_eq!(redacted["unsigned"]["redacted_because"]["event_id"], redaction["event_id"], "{redacted}");

    alice.set_levels(&room, json!({"users": {bob.id.clone(): 60}})).await.ok();
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "now"})).await.ok();
    bob.kick(&room, alice).await.refused(403, "M_FORBIDDEN");
    bob.leave(&room).await.ok();
    assert_eq!(alice.membership_of(&room, bob).await, "leave");
    alice.ban(&room, bob).await.ok();
    bob.join(&room).await.refused(403, "M_FORBIDDEN");
    let all = alice.messages(&room, "dir=b&limit=100").await;
    let ids = event_ids(&all["chunk"]);
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
    assert!(list(&all["chunk"]).iter().all(|event| event["room_id"] == *room));
}

fn check_ids(version: u8, room: &str, event: &str) {
    assert_eq!(room.ends_with(":localhost"), version < 12, "{version}: {room}");
    let hash = event.strip_prefix('$').unwrap();
    match version {
        1 | 2 => assert!(hash.ends_with(":localhost"), "{version}: {event}"),
        3 => assert!(hash.len() == 43 && !hash.contains(['-', '_']), "{version}: {event}"),
        _ => assert!(hash.len() == 43 && !hash.contains(['/', '+']), "{version}: {event}"),
    }
}

#[tokio::test]
async fn every_version_can_be_lived_in() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    for version in 1..=12 {
        lives(&alice, &bob, version).await;
    }
}

#[tokio::test]
async fn what_a_version_can_do_depends_on_it() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let space = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&space).await.ok();
    for version in 1..=12 {
        let with_rule = async |rule: serde_json::Value| {
            let state = json!([{"type": "m.room.join_rules", "state_key": "", "content": rule}]);
            alice.create_room(json!({"room_version": version.to_string(), "initial_state": state})).await
        };
        let knocking = with_rule(json!({"join_rule": "knock"})).await;
        let allow = json!([{"type": "m.room_membership", "room_id": space}]);
        let restricted = with_rule(json!({"join_rule": "restricted", "allow": allow})).await;
        let both = with_rule(json!({"join_rule": "knock_restricted", "allow": allow})).await;
        let statuses = [
            bob.knock(&knocking).await.status,
            bob.join(&restricted).await.status,
            bob.knock(&both).await.status,
            bob.join(&both).await.status,
        ];
        let expected = [version >= 7, version >= 8, version >= 10, version >= 10];
        assert_eq!(statuses, expected.map(|allowed| if allowed { 200 } else { 403 }), "version {version}");
        if version == 8 || version == 12 {
            let path = format!("/rooms/{}/state/m.room.member/{}", encode(&restricted), encode(&bob.id));
            let join = alice.get(&path).await.ok();
            assert_eq!(join["join_authorised_via_users_server"], *alice.id, "{join}");
        }
    }
}
