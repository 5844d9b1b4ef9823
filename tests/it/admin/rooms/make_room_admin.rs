//! `POST /_synapse/admin/v1/rooms/{roomIdOrAlias}/make_room_admin`

use serde_json::json;

use super::{only_administrators, path, start};
use crate::harness::{Server, encode, state_content};

const BELOW: &str = "/make_room_admin";

#[tokio::test]
async fn only_administrators_do() {
    only_administrators("POST", |room| path(room, BELOW), Some(json!({}))).await;
}

#[tokio::test]
async fn an_administrator_gets_power_and_an_invite() {
    let (server, admin, alice, _room) = start().await;
    for version in ["11", "12"] {
        let room = alice.create_room(json!({"room_version": version})).await;
        admin.post(&path(&room, BELOW), json!({})).await.ok();
        admin.join(&room).await.ok();
        let topic = admin.set_state(&room, "m.room.power_levels", "", {
            let state = admin.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
            let mut levels = state_content(&state, "m.room.power_levels", "").clone();
            assert_eq!(levels["users"][&admin.id], 100, "{levels}");
            levels["events_default"] = 1.into();
            levels
        });
        topic.await.ok();
        // It is there already.
        admin.post(&path(&room, BELOW), json!({})).await.ok();
    }
    // Somebody else, in a room that goes by an alias and is open to all.
    let bob = server.register("bob").await;
    let room = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    admin.post(&path("#tea:localhost", BELOW), json!({"user_id": bob.id})).await.ok();
    assert!(bob.sync(None).await["rooms"]["invite"].is_null());
    bob.join(&room).await.ok();
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "Coffee"})).await.ok();
    admin.post(&path("#none:localhost", BELOW), json!({})).await.refused(404, "M_NOT_FOUND");
    admin.post(&path(&room, BELOW), json!({"user_id": 1})).await.refused(400, "M_BAD_JSON");
}

#[tokio::test]
async fn what_nobody_here_can_give_is_refused() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({"room_version": "11"})).await;
    let levels = json!({"users": {}, "users_default": 0, "state_default": 50});
    alice.set_state(&room, "m.room.power_levels", "", levels).await.ok();
    admin.post(&path(&room, BELOW), json!({})).await.refused(403, "M_FORBIDDEN");
}
