//! `POST /_matrix/client/v3/user/{userId}/filter`

use serde_json::json;

use super::store;
use crate::harness::{Server, bodies, encode, event_ids, two_in_a_room, types};

#[tokio::test]
async fn a_stored_filter_shapes_sync() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    for number in 0..5 {
        bob.say(&room, &format!("message {number}")).await;
    }
    let filter = json!({"room": {"timeline": {"limit": 2}, "state": {"types": ["m.room.create"]}}});
    let id = store(&alice, filter.clone()).await;
    // Clients tell an id from a filter by the brace.
    assert!(!id.starts_with('{'));
    let answer = alice.get(&format!("/sync?timeout=0&filter={}", encode(&id))).await.ok();
    let found = &answer["rooms"]["join"][&room];
    assert_eq!(bodies(&found["timeline"]["events"]), ["message 3", "message 4"]);
    assert_eq!(found["timeline"]["limited"], true);
    assert_eq!(types(&found["state"]["events"]), ["m.room.create"]);
    // The same by hand.
    let by_hand = alice.get(&format!("/sync?timeout=0&filter={}", encode(&filter.to_string()))).await.ok();
    let by_hand = &by_hand["rooms"]["join"][&room];
    assert_eq!(event_ids(&by_hand["timeline"]["events"]), event_ids(&found["timeline"]["events"]));
    // Another's filter is none of one's own.
    let refused = bob.get(&format!("/sync?timeout=0&filter={}", encode(&id))).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let unknown = alice.get("/sync?timeout=0&filter=unknown").await;
    assert_eq!(unknown.status, 400, "{unknown:?}");
}

#[tokio::test]
async fn the_same_filter_is_stored_once() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let first = store(&alice, json!({"room": {"timeline": {"limit": 7}}})).await;
    assert_eq!(store(&alice, json!({"room": {"timeline": {"limit": 7}}})).await, first);
    assert_ne!(store(&alice, json!({"room": {"timeline": {"limit": 8}}})).await, first);
    store(&alice, json!({})).await;
}

#[tokio::test]
async fn others_may_not_and_bad_filters_are_refused() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let path = format!("/user/{}/filter", encode(&alice.id));
    bob.post(&path, json!({})).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{path}");
    server.anonymous("POST", &open, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    for filter in [
        json!([]),
        json!({"room": []}),
        json!({"room": {"timeline": {"limit": "many"}}}),
        json!({"room": {"timeline": {"types": "m.room.message"}}}),
        json!({"presence": {"senders": [7]}}),
        json!({"event_format": 7}),
    ] {
        alice.post(&path, filter).await.refused(400, "M_BAD_JSON");
    }
    server.send_text("POST", &open, Some(&alice.token), "{").await.refused(400, "M_NOT_JSON");
    let large = json!({"room": {"rooms": vec!["!room:localhost"; 10_000]}});
    alice.post(&path, large).await.refused(413, "M_TOO_LARGE");
    alice.post("/user/alice/filter", json!({})).await.refused(400, "M_INVALID_PARAM");
}
