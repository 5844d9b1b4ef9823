//! `POST /_synapse/admin/v1/deactivate/{userId}`

use serde_json::json;

use super::only_administrators_at;
use crate::harness::{Server, encode};

fn path(user: &str) -> String {
    format!("/_synapse/admin/v1/deactivate/{}", encode(user))
}

#[tokio::test]
async fn only_administrators_close_accounts() {
    only_administrators_at("POST", path, &json!({})).await;
}

#[tokio::test]
async fn an_account_is_closed_and_its_rooms_are_left() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = admin.create_room(json!({"preset": "public_chat"})).await;
    alice.join(&room).await.ok();
    let answer = admin.post(&path(&alice.id), json!({"erase": true})).await.ok();
    assert_eq!(answer, json!({"id_server_unbind_result": "success"}));
    alice.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    let joined = admin.get(&format!("/rooms/{}/joined_members", encode(&room))).await.ok();
    assert_eq!(joined["joined"].as_object().unwrap().len(), 1, "{joined}");
    let user = admin.get(&super::v2(&alice.id)).await.ok();
    assert_eq!((&user["deactivated"], &user["erased"]), (&json!(true), &json!(true)));
    admin.post(&path(&alice.id), json!({"erase": "yes"})).await.refused(400, "M_BAD_JSON");
}
