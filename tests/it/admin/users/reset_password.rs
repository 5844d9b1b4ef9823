//! `POST /_synapse/admin/v1/reset_password/{userId}`

use serde_json::{Value, json};

use super::only_administrators_at;
use crate::harness::{Server, encode};

fn path(user: &str) -> String {
    format!("/_synapse/admin/v1/reset_password/{}", encode(user))
}

#[tokio::test]
async fn only_administrators_set_passwords() {
    only_administrators_at("POST", path, &json!({"new_password": "x", "logout_devices": false})).await;
}

#[tokio::test]
async fn a_user_gets_a_password() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let set = async |body: Value| admin.post(&path(&alice.id), body).await;
    assert_eq!(set(json!({"new_password": "first one", "logout_devices": false})).await.ok(), json!({}));
    alice.get("/account/whoami").await.ok();
    set(json!({"new_password": "second one"})).await.ok();
    alice.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    let login = json!({"type": "m.login.password", "password": "second one",
        "identifier": {"type": "m.id.user", "user": "alice"}});
    server.anonymous("POST", "/_matrix/client/v3/login", Some(login)).await.ok();
    set(json!({})).await.refused(400, "M_BAD_JSON");
    // One's own session goes on.
    admin.post(&path(&admin.id), json!({"new_password": "a third one"})).await.ok();
    admin.get("/account/whoami").await.ok();
}
