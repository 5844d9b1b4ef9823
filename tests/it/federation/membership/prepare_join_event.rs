//! `GET /_matrix/federation/v1/make_join/{roomId}/{userId}`

use serde_json::json;

use super::template_path;
use crate::{
    federation::shared::checks_signature,
    harness::{Peer, encode, start_federating},
};

#[tokio::test]
async fn whoever_may_join_is_told_how() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let bob = peer.user("bob");
    let path = template_path("make_join", &room, &bob);
    let offer = peer.get(&server, &path).await.ok();
    assert_eq!(offer["room_version"], "12");
    let event = &offer["event"];
    assert_eq!(
        (&event["type"], &event["state_key"], &event["sender"]),
        (&json!("m.room.member"), &json!(bob), &json!(bob))
    );
    assert_eq!((&event["room_id"], &event["content"]["membership"]), (&json!(room), &json!("join")));
    checks_signature(&server, &peer, "GET", &path, None).await;
}

#[tokio::test]
async fn whoever_may_not_join_is_told_why() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let bob = peer.user("bob");
    let private = alice.create_room(json!({"preset": "private_chat"})).await;
    peer.get(&server, &template_path("make_join", &private, &bob)).await.refused(403, "M_FORBIDDEN");
    let unknown = template_path("make_join", "!nowhere:example.org", &bob);
    peer.get(&server, &unknown).await.refused(404, "M_NOT_FOUND");
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let others = template_path("make_join", &room, "@eve:elsewhere.example");
    peer.get(&server, &others).await.refused(403, "M_FORBIDDEN");
    let old = format!("/_matrix/federation/v1/make_join/{}/{}?ver=1", encode(&room), encode(&bob));
    let refused = peer.get(&server, &old).await.refused(400, "M_INCOMPATIBLE_ROOM_VERSION");
    assert_eq!(refused["room_version"], "12");
    let nobody = template_path("make_join", &room, "bob");
    peer.get(&server, &nobody).await.refused(400, "M_INVALID_PARAM");
    let acl = json!({"allow": ["*"], "deny": ["127.0.0.7"]});
    alice.set_state(&room, "m.room.server_acl", "", acl).await.ok();
    peer.get(&server, &template_path("make_join", &room, &bob)).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn members_of_the_right_rooms_are_vouched_for() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let club = alice.create_room(json!({"preset": "public_chat"})).await;
    let rule = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": club}]});
    let inner = alice
        .create_room(
            json!({"initial_state": [{"type": "m.room.join_rules", "state_key": "", "content": rule}]}),
        )
        .await;
    let bob = peer.user("bob");
    peer.get(&server, &template_path("make_join", &inner, &bob)).await.refused(403, "M_FORBIDDEN");
    peer.join(&server, &club, &bob).await;
    let offer = peer.get(&server, &template_path("make_join", &inner, &bob)).await.ok();
    assert_eq!(offer["event"]["content"]["join_authorised_via_users_server"], alice.id);
}
