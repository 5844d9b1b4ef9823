//! `GET /_matrix/federation/v1/make_leave/{roomId}/{userId}`

use serde_json::json;

use super::template_path;
use crate::{
    federation::shared::checks_signature,
    harness::{Peer, start_federating},
};

#[tokio::test]
async fn whoever_is_in_a_room_is_told_how_to_leave() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let bob = peer.user("bob");
    let path = template_path("make_leave", &room, &bob);
    peer.get(&server, &path).await.refused(403, "M_FORBIDDEN");
    peer.join(&server, &room, &bob).await;
    let offer = peer.get(&server, &path).await.ok();
    let event = &offer["event"];
    assert_eq!((&event["content"]["membership"], &event["state_key"]), (&json!("leave"), &json!(bob)));
    checks_signature(&server, &peer, "GET", &path, None).await;
}

#[tokio::test]
async fn nobody_asks_for_others_or_for_rooms_that_are_not_here() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    peer.get(&server, &template_path("make_leave", &room, &alice.id)).await.refused(403, "M_FORBIDDEN");
    let unknown = template_path("make_leave", "!nowhere:example.org", &peer.user("bob"));
    peer.get(&server, &unknown).await.refused(404, "M_NOT_FOUND");
    peer.get(&server, &template_path("make_leave", &room, "bob")).await.refused(400, "M_INVALID_PARAM");
}
