//! `GET /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`

use serde_json::json;

use crate::harness::{encode, two_in_a_room};

#[tokio::test]
async fn one_entry_is_read_as_content_or_whole() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.set_state(&room, "m.room.topic", "", json!({"topic": "Lumps"})).await.event_id();
    let path = format!("/rooms/{}/state/m.room.topic", encode(&room));
    // The empty key may be left out, with and without its slash.
    for path in [
        path.clone(),
        format!("{path}/"),
        format!("{path}?format=content"),
        format!("{path}/?format=content"),
    ] {
        assert_eq!(bob.get(&path).await.ok(), json!({"topic": "Lumps"}), "{path}");
    }
    let whole = bob.get(&format!("{path}/?format=event")).await.ok();
    assert_eq!(
        (&whole["event_id"], &whole["type"], &whole["state_key"]),
        (&json!(event), &json!("m.room.topic"), &json!(""))
    );
    assert_eq!((&whole["content"], &whole["sender"]), (&json!({"topic": "Lumps"}), &json!(alice.id)));
    assert_eq!(whole["room_id"], *room);
    assert!(whole["origin_server_ts"].is_u64(), "{whole}");
    // Keys are any text.
    for key in ["a b/c", "日本", "...", "%41", "?x=y#z"] {
        alice.set_state(&room, "org.example.key", key, json!({"key": key})).await.ok();
        assert_eq!(bob.state(&room, "org.example.key", key).await.ok()["key"], key);
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_ones_business() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    bob.state(&room, "m.room.topic", "").await.refused(404, "M_NOT_FOUND");
    bob.state(&room, "m.room.name", "other").await.refused(404, "M_NOT_FOUND");
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "Lumps"})).await.ok();
    carol.state(&room, "m.room.topic", "").await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &carol).await.ok();
    carol.state(&room, "m.room.topic", "").await.refused(403, "M_FORBIDDEN");
    bob.state("!nowhere:localhost", "m.room.topic", "").await.refused(403, "M_FORBIDDEN");
    bob.state("nonsense", "m.room.topic", "").await.refused(400, "M_INVALID_PARAM");
    // Who has left reads the state that was left.
    bob.leave(&room).await.ok();
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "Milk"})).await.ok();
    assert_eq!(bob.state(&room, "m.room.topic", "").await.ok()["topic"], "Lumps");
    let path = format!("/_matrix/client/v3/rooms/{}/state/m.room.topic/", encode(&room));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
