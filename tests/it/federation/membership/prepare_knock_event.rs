//! `GET /_matrix/federation/v1/make_knock/{roomId}/{userId}`

use serde_json::json;

use super::template_path;
use crate::{
    federation::shared::checks_signature,
    harness::{Peer, encode, start_federating},
};

#[tokio::test]
async fn whoever_may_knock_is_told_how() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "private_chat"})).await;
    let bob = peer.user("bob");
    let path = template_path("make_knock", &room, &bob);
    peer.get(&server, &path).await.refused(403, "M_FORBIDDEN");
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    let offer = peer.get(&server, &path).await.ok();
    assert_eq!(offer["room_version"], "12");
    assert_eq!(offer["event"]["content"]["membership"], "knock");
    checks_signature(&server, &peer, "GET", &path, None).await;
    let old = format!("/_matrix/federation/v1/make_knock/{}/{}?ver=7", encode(&room), encode(&bob));
    peer.get(&server, &old).await.refused(400, "M_INCOMPATIBLE_ROOM_VERSION");
}

#[tokio::test]
async fn nobody_knocks_for_others() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "private_chat"})).await;
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    let others = template_path("make_knock", &room, "@eve:elsewhere.example");
    peer.get(&server, &others).await.refused(403, "M_FORBIDDEN");
    let unknown = template_path("make_knock", "!nowhere:example.org", &peer.user("bob"));
    peer.get(&server, &unknown).await.refused(404, "M_NOT_FOUND");
    peer.get(&server, &template_path("make_knock", &room, "bob")).await.refused(400, "M_INVALID_PARAM");
}
