//! `GET /_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}`

use serde_json::json;

use super::path;
use crate::harness::{encode, two_in_a_room};

#[tokio::test]
async fn what_was_kept_about_a_room_is_read_by_its_owner() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let other = alice.create_room(json!({})).await;
    let kind = "org.example.colour";
    let mine = path(&alice, Some(&room), kind);
    alice.get(&mine).await.refused(404, "M_NOT_FOUND");
    alice.put(&mine, json!({"colour": "red"})).await.ok();
    assert_eq!(alice.get(&mine).await.ok(), json!({"colour": "red"}));
    // It is of this room and of this user.
    alice.get(&path(&alice, Some(&other), kind)).await.refused(404, "M_NOT_FOUND");
    alice.get(&path(&alice, None, kind)).await.refused(404, "M_NOT_FOUND");
    bob.get(&path(&bob, Some(&room), kind)).await.refused(404, "M_NOT_FOUND");
    bob.get(&mine).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{mine}");
    server.anonymous("GET", &open, None).await.refused(401, "M_MISSING_TOKEN");
    alice.get(&path(&alice, Some("!unknown:localhost"), kind)).await.refused(404, "M_NOT_FOUND");
    alice.get(&path(&alice, Some("tea"), kind)).await.refused(400, "M_INVALID_PARAM");
    // What the server writes can be read like the rest.
    let event = alice.say(&room, "read").await;
    let marker = json!({"m.fully_read": event});
    alice.post(&format!("/rooms/{}/read_markers", encode(&room)), marker).await.ok();
    let read = alice.get(&path(&alice, Some(&room), "m.fully_read")).await.ok();
    assert_eq!(read, json!({"event_id": event}));
}
