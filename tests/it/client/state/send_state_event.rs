//! `PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`

use serde_json::json;

use crate::harness::{Server, encode, two_in_a_room};

#[tokio::test]
async fn state_is_set_and_set_again() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let path = format!("/rooms/{}/state/m.room.name", encode(&room));
    let first = alice.put(&path, json!({"name": "Tea"})).await.event_id();
    assert_eq!(bob.event(&room, &first).await.ok()["state_key"], "");
    let second = alice.put(&format!("{path}/"), json!({"name": "More tea"})).await.event_id();
    assert_ne!(first, second);
    assert_eq!(bob.state(&room, "m.room.name", "").await.ok()["name"], "More tea");
    // Saying what is so already says nothing new.
    assert_eq!(alice.put(&path, json!({"name": "More tea"})).await.event_id(), second);
    assert_eq!(bob.messages(&room, "dir=b&limit=1").await["chunk"][0]["event_id"], *second);
    // But going back to what was before does.
    assert_ne!(alice.put(&path, json!({"name": "Tea"})).await.event_id(), first);
    // Different keys live side by side.
    for key in ["", "a", "b"] {
        alice.set_state(&room, "org.example.key", key, json!({"key": key})).await.ok();
    }
    assert_eq!(bob.state(&room, "org.example.key", "a").await.ok()["key"], "a");
}

#[tokio::test]
async fn power_decides_and_some_keys_have_owners() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let name = json!({"name": "Tea"});
    bob.set_state(&room, "m.room.name", "", name.clone()).await.refused(403, "M_FORBIDDEN");
    carol.set_state(&room, "m.room.name", "", name.clone()).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"events": {"m.room.name": 0, "org.example.mine": 0}})).await.ok();
    bob.set_state(&room, "m.room.name", "", name.clone()).await.ok();
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "x"})).await.refused(403, "M_FORBIDDEN");
    // A key that is a user id is that user's.
    bob.set_state(&room, "org.example.mine", &bob.id, json!({})).await.ok();
    bob.set_state(&room, "org.example.mine", &alice.id, json!({})).await.refused(403, "M_FORBIDDEN");
    alice.set_state(&room, "org.example.mine", &bob.id, json!({"n": 1})).await.refused(403, "M_FORBIDDEN");
    bob.set_state(&room, "org.example.mine", "@nonsense", json!({})).await.refused(403, "M_FORBIDDEN");
    bob.leave(&room).await.ok();
    bob.set_state(&room, "m.room.name", "", name).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    for content in [json!([]), json!("x"), json!({"n": 0.5}), json!({"n": 1_u64 << 60})] {
        alice.set_state(&room, "org.example.key", "", content).await.refused(400, "M_BAD_JSON");
    }
    // A room is created once.
    let answer = alice.set_state(&room, "m.room.create", "", json!({"room_version": "11"})).await;
    answer.is_sound();
    assert!(answer.status == 403 || answer.status == 400, "{answer:?}");
    alice.set_state("!nowhere:localhost", "m.room.name", "", json!({})).await.refused(403, "M_FORBIDDEN");
    alice.set_state("nonsense", "m.room.name", "", json!({})).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3/rooms/{}/state/m.room.name/", encode(&room));
    server.anonymous("PUT", &path, Some(json!({"name": "x"}))).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn state_can_be_owned_where_the_room_version_says_so() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let carol = server.register("carol").await;
    for version in ["org.matrix.msc3757.10", "org.matrix.msc3757.11"] {
        let room = alice.create_room(json!({"preset": "public_chat", "room_version": version})).await;
        bob.join(&room).await.ok();
        carol.join(&room).await.ok();
        alice.set_levels(&room, json!({"state_default": 0})).await.ok();
        let kind = "org.example.beacon";
        let key = format!("{}_phone", bob.id);
        bob.set_state(&room, kind, &key, json!({"at": "home"})).await.ok();
        carol.set_state(&room, kind, &key, json!({"at": "mine"})).await.refused(403, "M_FORBIDDEN");
        assert_eq!(alice.state(&room, kind, &key).await.ok(), json!({"at": "home"}));
        alice.set_state(&room, kind, &key, json!({})).await.ok();
        bob.set_state(&room, kind, "@bob_phone", json!({})).await.refused(400, "M_BAD_JSON");
    }
    let room = alice.create_room(json!({"room_version": "11"})).await;
    let key = format!("{}_phone", alice.id);
    alice.set_state(&room, "org.example.beacon", &key, json!({})).await.refused(403, "M_FORBIDDEN");
}
