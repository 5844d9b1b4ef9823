//! `POST /_matrix/client/v3/join/{roomIdOrAlias}`

use serde_json::json;

use crate::harness::{Server, encode};

#[tokio::test]
async fn rooms_are_joined_by_name_and_by_id() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let room = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    assert_eq!(bob.join("#tea:localhost").await.ok(), json!({"room_id": room}));
    // Whoever is in it is in it.
    assert_eq!(bob.join(&room).await.ok(), json!({"room_id": room}));
    let via = format!("/join/{}?via=localhost&server_name=localhost", encode(&room));
    assert_eq!(carol.post(&via, json!({"reason": "for a cup"})).await.ok(), json!({"room_id": room}));
    let content = alice.state(&room, "m.room.member", &carol.id).await.ok();
    assert_eq!((&content["membership"], &content["reason"]), (&json!("join"), &json!("for a cup")));
    let joined = alice.get(&format!("/rooms/{}/joined_members", encode(&room))).await.ok();
    assert_eq!(joined["joined"].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    alice.create_room(json!({"preset": "private_chat", "room_alias_name": "tea"})).await;
    bob.join("#tea:localhost").await.refused(403, "M_FORBIDDEN");
    bob.join("#nowhere:localhost").await.refused(404, "M_NOT_FOUND");
    bob.join("!nowhere:localhost").await.refused(404, "M_NOT_FOUND");
    bob.join("nonsense").await.refused(400, "M_INVALID_PARAM");
    bob.join("$tea:localhost").await.refused(400, "M_INVALID_PARAM");
    bob.post("/join/%23tea%3Alocalhost", json!({"reason": []})).await.refused(400, "M_BAD_JSON");
    server
        .anonymous("POST", "/_matrix/client/v3/join/%23tea%3Alocalhost", None)
        .await
        .refused(401, "M_MISSING_TOKEN");
}
