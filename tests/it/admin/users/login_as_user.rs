//! `POST /_synapse/admin/v1/users/{userId}/login`

use serde_json::json;

use super::{only_administrators, path};
use crate::harness::{Server, now_ms};

#[tokio::test]
async fn only_administrators_act_as_others() {
    // Checked with somebody else's id: nobody needs this for their own.
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    alice.post(&path(&admin.id, "login"), json!({})).await.refused(403, "M_FORBIDDEN");
    admin.post(&path(&admin.id, "login"), json!({})).await.refused(400, "M_UNKNOWN");
    only_administrators("POST", "login", &json!({})).await;
}

#[tokio::test]
async fn the_token_is_the_users_on_no_device() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let token = admin.post(&path(&alice.id, "login"), json!({})).await.ok()["access_token"].take();
    let puppet = alice.with_token(token.as_str().unwrap());
    let who = puppet.get("/account/whoami").await.ok();
    assert_eq!(who["user_id"], *alice.id);
    assert!(who.get("device_id").is_none(), "{who}");
    assert_eq!(alice.get("/devices").await.ok()["devices"].as_array().unwrap().len(), 1);
    alice.post("/logout/all", json!({})).await.ok();
    puppet.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    let past = json!({"valid_until_ms": now_ms() - 1});
    let token = admin.post(&path(&alice.id, "login"), past).await.ok()["access_token"].take();
    let late = alice.with_token(token.as_str().unwrap());
    late.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    admin.post(&path(&alice.id, "login"), json!({"valid_until_ms": "soon"})).await.refused(400, "M_BAD_JSON");
}
