//! `POST /_matrix/client/v3/rooms/{roomId}/read_markers`

use serde_json::json;

use crate::harness::{account_data, encode, receipt_of, two_in_a_room};

#[tokio::test]
async fn marker_and_receipts_move_together() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let path = format!("/rooms/{}/read_markers", encode(&room));
    let mut events = Vec::new();
    for text in ["one", "two", "three"] {
        events.push(alice.say(&room, text).await);
    }
    let body = json!({"m.fully_read": events[0], "m.read": events[1], "m.read.private": events[2]});
    assert_eq!(bob.post(&path, body).await.ok(), json!({}));
    let own = bob.sync(None).await;
    assert_eq!(account_data(&own, Some(&room), "m.fully_read"), Some(&json!({"event_id": events[0]})));
    assert_eq!(receipt_of(&own, &room, "m.read", &bob.id), Some((events[1].clone(), None)));
    assert_eq!(receipt_of(&own, &room, "m.read.private", &bob.id), Some((events[2].clone(), None)));
    assert_eq!(own["rooms"]["join"][&room]["unread_notifications"]["notification_count"], 0);
    let others = alice.sync(None).await;
    assert_eq!(receipt_of(&others, &room, "m.read", &bob.id), Some((events[1].clone(), None)));
    assert!(account_data(&others, Some(&room), "m.fully_read").is_none());
    // The marker is a bookmark: it may move back.
    bob.post(&path, json!({"m.fully_read": events[2]})).await.ok();
    bob.post(&path, json!({"m.fully_read": events[1]})).await.ok();
    let own = bob.sync(None).await;
    assert_eq!(account_data(&own, Some(&room), "m.fully_read"), Some(&json!({"event_id": events[1]})));
}

#[tokio::test]
async fn nothing_asked_for_is_nothing_done() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    alice.say(&room, "one").await;
    bob.post(&format!("/rooms/{}/read_markers", encode(&room)), json!({})).await.ok();
    assert!(account_data(&bob.sync(None).await, Some(&room), "m.fully_read").is_none());
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let event = alice.say(&room, "one").await;
    let path = format!("/rooms/{}/read_markers", encode(&room));
    for kind in ["m.fully_read", "m.read", "m.read.private"] {
        carol.post(&path, json!({kind: event})).await.refused(403, "M_FORBIDDEN");
        bob.post(&path, json!({kind: 7})).await.refused(400, "M_BAD_JSON");
    }
    bob.post(&path, json!({"m.read": "$unknown"})).await.refused(404, "M_NOT_FOUND");
    bob.post("/rooms/nonsense/read_markers", json!({"m.read": event})).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v3{path}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
