//! `GET /_matrix/client/v3/rooms/{roomId}/event/{eventId}`

use serde_json::json;

use crate::harness::{encode, two_in_a_room};

#[tokio::test]
async fn an_event_is_shown_whole() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let path = format!("/rooms/{}/send/m.room.message/once", encode(&room));
    let event = alice.put(&path, json!({"msgtype": "m.text", "body": "tea"})).await.event_id();
    let found = bob.event(&room, &event).await.ok();
    assert_eq!(found["event_id"], *event);
    assert_eq!(found["room_id"], *room);
    assert_eq!(found["sender"], *alice.id);
    assert_eq!(found["type"], "m.room.message");
    assert_eq!(found["content"], json!({"msgtype": "m.text", "body": "tea"}));
    assert!(found["origin_server_ts"].is_u64() && found["unsigned"]["age"].is_i64(), "{found}");
    assert!(found["state_key"].is_null() && found["unsigned"]["transaction_id"].is_null(), "{found}");
    // What belongs to servers stays with them.
    for key in ["auth_events", "prev_events", "depth", "hashes", "signatures", "origin"] {
        assert!(found.get(key).is_none(), "{key} in {found}");
    }
    assert_eq!(found["unsigned"]["membership"], "join");
    // The device that sent it, and no other one of hers, knows the transaction again.
    assert_eq!(alice.event(&room, &event).await.ok()["unsigned"]["transaction_id"], "once");
    let other_device = alice.log_in_again(&server, "PHONE").await;
    assert!(other_device.event(&room, &event).await.ok()["unsigned"]["transaction_id"].is_null());
}

#[tokio::test]
async fn a_changed_state_says_what_was_before() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let first = alice.set_state(&room, "m.room.topic", "", json!({"topic": "green"})).await.event_id();
    let second = alice.set_state(&room, "m.room.topic", "", json!({"topic": "black"})).await.event_id();
    let found = bob.event(&room, &second).await.ok();
    assert_eq!(found["state_key"], "");
    assert_eq!(found["unsigned"]["prev_content"], json!({"topic": "green"}));
    assert_eq!(found["unsigned"]["replaces_state"], *first);
    assert!(bob.event(&room, &first).await.ok()["unsigned"]["prev_content"].is_null());
}

#[tokio::test]
async fn it_says_what_the_reader_was_to_the_room_then() {
    let server = crate::harness::Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "private_chat"})).await;
    let mut events = vec![(alice.say(&room, "before").await, "leave")];
    alice.invite(&room, &bob).await.ok();
    events.push((alice.say(&room, "invited").await, "invite"));
    bob.join(&room).await.ok();
    events.push((alice.say(&room, "joined").await, "join"));
    let page = bob.messages(&room, "dir=f&limit=50").await;
    for (event, membership) in events {
        assert_eq!(bob.event(&room, &event).await.ok()["unsigned"]["membership"], membership);
        let shown = crate::harness::find_event(&page["chunk"], &event);
        assert_eq!(shown["unsigned"]["membership"], membership, "{shown}");
        assert_eq!(alice.event(&room, &event).await.ok()["unsigned"]["membership"], "join");
    }
}

#[tokio::test]
async fn what_one_may_not_see_is_not_there() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let event = alice.say(&room, "between us").await;
    let elsewhere = bob.create_room(json!({})).await;
    carol.event(&room, &event).await.refused(404, "M_NOT_FOUND");
    bob.event(&elsewhere, &event).await.refused(404, "M_NOT_FOUND");
    bob.event(&room, "$nothing").await.refused(404, "M_NOT_FOUND");
    bob.event("!nowhere:localhost", &event).await.refused(404, "M_NOT_FOUND");
    bob.event(&room, "nonsense").await.refused(400, "M_INVALID_PARAM");
    bob.event("nonsense", &event).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3/rooms/{}/event/{}", encode(&room), encode(&event));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
