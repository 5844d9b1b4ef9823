//! `PUT /_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}`

use serde_json::json;

use crate::harness::{Bridge, encode};

#[tokio::test]
async fn a_service_lists_rooms_of_its_network() {
    let bridge = Bridge::start().await;
    let alice = bridge.server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat", "name": "#tea"})).await;
    let path = format!("/directory/list/appservice/irc-net/{}", encode(&room));
    bridge.call("PUT", &path, Some(json!({"visibility": "public"}))).await.ok();
    let listed = |answer: serde_json::Value| {
        let chunk = answer["chunk"].as_array().unwrap();
        chunk.iter().any(|found| found["room_id"] == *room)
    };
    let everything = json!({"include_all_networks": true});
    assert!(listed(alice.post("/publicRooms", everything.clone()).await.ok()));
    bridge.call("PUT", &path, Some(json!({"visibility": "private"}))).await.ok();
    assert!(!listed(alice.post("/publicRooms", everything).await.ok()));
}

#[tokio::test]
async fn nobody_else_does() {
    let bridge = Bridge::start().await;
    let alice = bridge.server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let path = format!("/directory/list/appservice/irc-net/{}", encode(&room));
    alice.put(&path, json!({"visibility": "public"})).await.refused(403, "M_FORBIDDEN");
    bridge
        .server
        .anonymous("PUT", &format!("/_matrix/client/v3{path}"), Some(json!({})))
        .await
        .refused(401, "M_MISSING_TOKEN");
    bridge.call("PUT", &path, Some(json!({"visibility": "sideways"}))).await.refused(400, "M_INVALID_PARAM");
}
