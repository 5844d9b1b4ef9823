//! `GET /_matrix/client/v3/keys/changes`

use serde_json::json;

use super::names;
use crate::harness::Server;

#[tokio::test]
async fn changes_between_two_tokens_are_those_of_sync() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.register("alice").await, server.register("bob").await, server.register("carol").await);
    let state = json!([{"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]);
    let room = alice.create_room(json!({"preset": "public_chat", "initial_state": state})).await;
    let start = alice.now().await;
    bob.join(&room).await.ok();
    carol.publish_device(3).await;
    let met = alice.now().await;
    let changes =
        async |from: &str, to: &str| alice.get(&format!("/keys/changes?from={from}&to={to}")).await.ok();
    let found = changes(&start, &met).await;
    // Carol is nobody Alice shares a room with.
    assert_eq!((names(&found["changed"]), names(&found["left"])), (vec![bob.id.clone()], vec![]));
    bob.publish_device(2).await;
    let changed = alice.now().await;
    assert_eq!(names(&changes(&met, &changed).await["changed"]), [bob.id.as_str()]);
    assert_eq!(names(&alice.sync(Some(&met)).await["device_lists"]["changed"]), [bob.id.as_str()]);
    bob.leave(&room).await.ok();
    let left = alice.now().await;
    let found = changes(&changed, &left).await;
    assert_eq!((names(&found["changed"]), names(&found["left"])), (vec![], vec![bob.id.clone()]));
    assert_eq!(changes(&left, &left).await, json!({"changed": [], "left": []}));
    // Leaving and coming back between two looks is a new acquaintance.
    bob.join(&room).await.ok();
    let there = alice.now().await;
    bob.leave(&room).await.ok();
    bob.join(&room).await.ok();
    let back = alice.now().await;
    assert_eq!(names(&changes(&there, &back).await["changed"]), [bob.id.as_str()]);
}

#[tokio::test]
async fn bad_tokens_are_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let now = alice.now().await;
    alice.get(&format!("/keys/changes?from=x&to={now}")).await.refused(400, "M_INVALID_PARAM");
    alice.get(&format!("/keys/changes?from={now}")).await.refused(400, "M_MISSING_PARAM");
    let path = format!("/_matrix/client/v3/keys/changes?from={now}&to={now}");
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
