//! `GET /_matrix/client/v1/room_summary/{roomIdOrAlias}`

use serde_json::json;

use crate::harness::{Server, encode};

fn path(room: &str) -> String {
    format!("/_matrix/client/v1/room_summary/{}", encode(room))
}

#[tokio::test]
async fn a_public_room_is_summed_up_for_everybody() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let options = json!({
        "preset": "public_chat", "room_alias_name": "tea", "name": "Tea", "topic": "Lumps",
        "initial_state": [
            {"type": "m.room.avatar", "content": {"url": "mxc://localhost/pot"}},
            {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}},
        ],
    });
    let room = alice.create_room(options).await;
    let expected = json!({
        "room_id": room, "canonical_alias": "#tea:localhost", "name": "Tea", "topic": "Lumps",
        "avatar_url": "mxc://localhost/pot", "num_joined_members": 1, "world_readable": false,
        "guest_can_join": false, "room_version": "12",
        "encryption": "m.megolm.v1.aes-sha2",
    });
    for summary in [
        bob.get(&path("#tea:localhost")).await.ok(),
        bob.get(&format!("{}?via=elsewhere.example", path(&room))).await.ok(),
        bob.get(&format!("/_matrix/client/unstable/im.nheko.summary/summary/{}", encode(&room))).await.ok(),
        bob.get(&format!("/_matrix/client/unstable/im.nheko.summary/rooms/{}/summary", encode(&room)))
            .await
            .ok(),
        server.anonymous("GET", &path(&room), None).await.ok(),
    ] {
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(summary[key], *value, "{key} of {summary}");
        }
    }
    assert_eq!(bob.get(&path(&room)).await.ok()["membership"], "leave");
    bob.join(&room).await.ok();
    let joined = bob.get(&path(&room)).await.ok();
    assert_eq!((&joined["membership"], &joined["num_joined_members"]), (&json!("join"), &json!(2)));
    // Those without a token are nobody to any room.
    assert!(server.anonymous("GET", &path(&room), None).await.ok()["membership"].is_null());
}

#[tokio::test]
async fn a_private_room_is_a_secret() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let room = alice.create_room(json!({"room_alias_name": "tea", "name": "Tea", "invite": [bob.id]})).await;
    for name in [room.as_str(), "#tea:localhost", "!nowhere:localhost", "#nowhere:localhost"] {
        carol.get(&path(name)).await.refused(404, "M_NOT_FOUND");
        server.anonymous("GET", &path(name), None).await.refused(404, "M_NOT_FOUND");
    }
    let invited = bob.get(&path(&room)).await.ok();
    assert_eq!((&invited["membership"], &invited["name"]), (&json!("invite"), &json!("Tea")));
    carol.get(&path("nonsense")).await.refused(400, "M_INVALID_PARAM");
    // Whoever may knock may know.
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "knock"})).await.ok();
    assert_eq!(carol.get(&path(&room)).await.ok()["join_rule"], "knock");
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "invite"})).await.ok();
    let readable = json!({"history_visibility": "world_readable"});
    alice.set_state(&room, "m.room.history_visibility", "", readable).await.ok();
    assert_eq!(carol.get(&path(&room)).await.ok()["world_readable"], true);
}

#[tokio::test]
async fn a_restricted_room_shows_itself_to_those_who_may_come_in() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let options = json!({"preset": "public_chat", "creation_content": {"type": "m.space"}});
    let space = alice.create_room(options).await;
    assert_eq!(carol.get(&path(&space)).await.ok()["room_type"], "m.space");
    bob.join(&space).await.ok();
    let rule = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": space}]});
    let state = json!([{"type": "m.room.join_rules", "state_key": "", "content": rule}]);
    let room = alice.create_room(json!({"initial_state": state})).await;
    let summary = bob.get(&path(&room)).await.ok();
    assert_eq!(
        (&summary["join_rule"], &summary["allowed_room_ids"]),
        (&json!("restricted"), &json!([space]))
    );
    carol.get(&path(&room)).await.refused(404, "M_NOT_FOUND");
}
