//! `GET /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags`

use serde_json::json;

use super::{path, tags};
use crate::harness::{encode, two_in_a_room};

#[tokio::test]
async fn tags_are_ones_own() {
    let (server, alice, bob, room) = two_in_a_room().await;
    assert_eq!(tags(&alice, &room).await, json!({}));
    alice.put(&path(&alice, &room, "m.lowpriority"), json!({})).await.ok();
    assert_eq!(tags(&alice, &room).await, json!({"m.lowpriority": {}}));
    bob.get(&path(&alice, &room, "")).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{}", path(&alice, &room, ""));
    server.anonymous("GET", &open, None).await.refused(401, "M_MISSING_TOKEN");
    alice.get(&path(&alice, "!unknown:localhost", "")).await.refused(404, "M_NOT_FOUND");
    alice.get(&path(&alice, "tea", "")).await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn tags_written_as_account_data_are_the_same() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    let whole = format!("/user/{}/rooms/{}/account_data/m.tag", encode(&alice.id), encode(&room));
    alice.put(&whole, json!({"tags": {"u.a": {"order": 0.5, "org.example.more": true}}})).await.ok();
    assert_eq!(tags(&alice, &room).await["u.a"], json!({"order": 0.5, "org.example.more": true}));
    alice.put(&path(&alice, &room, "u.b"), json!({})).await.ok();
    let kept = alice.get(&whole).await.ok();
    assert_eq!(kept["tags"], json!({"u.a": {"order": 0.5, "org.example.more": true}, "u.b": {}}));
    // Whatever a client wrote there, tags go on working.
    for odd in [json!({"tags": []}), json!({}), json!({"tags": {"u.a": 7}})] {
        alice.put(&whole, odd).await.ok();
        alice.put(&path(&alice, &room, "u.c"), json!({"order": 0.1})).await.ok();
        assert_eq!(tags(&alice, &room).await["u.c"], json!({"order": 0.1}));
    }
}
