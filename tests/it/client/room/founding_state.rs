//! What a new room begins with besides what its preset says: `initial_state` and `power_level_content_override`.

use serde_json::json;

use crate::harness::{Server, encode, state_content};

#[tokio::test]
async fn initial_state_comes_before_the_preset_and_after_the_name() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let state = json!([
        {"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}},
        {"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}},
        {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}},
        {"type": "m.room.name", "content": {"name": "from the list"}},
        {"type": "m.room.topic", "content": {"topic": "from the list"}},
    ]);
    let options = json!({"preset": "public_chat", "initial_state": state, "name": "asked for"});
    let room = alice.create_room(options).await;
    let state = alice.get(&format!("/rooms/{}/state", encode(&room))).await.ok();
    assert_eq!(state_content(&state, "m.room.join_rules", "")["join_rule"], "knock");
    assert_eq!(
        state_content(&state, "m.room.history_visibility", "")["history_visibility"],
        "world_readable"
    );
    assert_eq!(state_content(&state, "m.room.guest_access", "")["guest_access"], "forbidden");
    assert_eq!(state_content(&state, "m.room.encryption", "")["algorithm"], "m.megolm.v1.aes-sha2");
    assert_eq!(state_content(&state, "m.room.name", "")["name"], "asked for");
    assert_eq!(state_content(&state, "m.room.topic", "")["topic"], "from the list");
    let page = alice.messages(&room, "dir=b&limit=100").await;
    let rules = page["chunk"].as_array().unwrap().iter().filter(|event| event["type"] == "m.room.join_rules");
    assert_eq!(rules.count(), 1, "the preset's rule was sent as well: {page}");
}

#[tokio::test]
async fn the_power_levels_can_be_chosen() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let chosen = json!({"users_default": 10, "invite": 60, "events": {"m.room.name": 10}});
    let options = json!({"preset": "public_chat", "power_level_content_override": chosen});
    let room = alice.create_room(options).await;
    bob.join(&room).await.ok();
    let levels = alice.state(&room, "m.room.power_levels", "").await.ok();
    assert_eq!(
        (&levels["users_default"], &levels["invite"], &levels["ban"]),
        (&json!(10), &json!(60), &json!(50))
    );
    assert_eq!(levels["events"]["m.room.name"], 10);
    assert!(levels["events"]["m.room.avatar"].is_null(), "`events` is replaced as a whole: {levels}");
    bob.set_state(&room, "m.room.name", "", json!({"name": "by the default level"})).await.ok();
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "no"})).await.refused(403, "M_FORBIDDEN");

    let users = json!({alice.id.clone(): 100, bob.id.clone(): 75});
    let options =
        json!({"room_version": "11", "invite": [bob.id], "power_level_content_override": {"users": users}});
    let room = alice.create_room(options).await;
    bob.join(&room).await.ok();
    assert_eq!(alice.state(&room, "m.room.power_levels", "").await.ok()["users"], users);
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "with power"})).await.ok();
    bob.set_state(&room, "m.room.history_visibility", "", json!({"history_visibility": "joined"}))
        .await
        .refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn the_operator_may_want_encryption() {
    let server = Server::start_with("[rooms]\nencryption_by_default = \"invite\"\n").await;
    let alice = server.register("alice").await;
    let private = alice.create_room(json!({"preset": "private_chat"})).await;
    let content = alice.state(&private, "m.room.encryption", "").await.ok();
    assert_eq!(content["algorithm"], "m.megolm.v1.aes-sha2");
    let public = alice.create_room(json!({"preset": "public_chat"})).await;
    alice.state(&public, "m.room.encryption", "").await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn the_operator_chooses_the_version() {
    let server = Server::start_with("[rooms]\ndefault_room_version = \"10\"\n").await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let create = alice.state(&room, "m.room.create", "").await.ok();
    assert_eq!((&create["room_version"], &create["creator"]), (&json!("10"), &json!(alice.id)));
    assert!(room.ends_with(":localhost"), "{room}");
}
