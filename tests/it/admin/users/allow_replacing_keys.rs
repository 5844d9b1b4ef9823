//! `POST /_synapse/admin/v1/users/{userId}/_allow_cross_signing_replacement_without_uia`

use serde_json::json;

use super::path;
use crate::harness::{Key, Server};

const WHAT: &str = "_allow_cross_signing_replacement_without_uia";

#[tokio::test]
async fn a_user_replaces_keys_without_a_password() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let allow = path(&alice.id, WHAT);
    admin.post(&allow, json!({})).await.refused(404, "M_NOT_FOUND");
    let upload = async |seed: u8| {
        let body = json!({"master_key": Key::of_user(&alice, seed).cross_signing("master")});
        alice.post("/keys/device_signing/upload", body).await
    };
    upload(10).await.ok();
    assert_eq!(upload(20).await.status, 401);
    let until = admin.post(&allow, json!({})).await.ok()["updatable_without_uia_before_ms"].as_u64().unwrap();
    assert!(until > crate::harness::now_ms(), "{until}");
    upload(20).await.ok();
    alice.post(&allow, json!({})).await.refused(403, "M_FORBIDDEN");
    server.anonymous("POST", &allow, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    admin.post(&path("@nobody:localhost", WHAT), json!({})).await.refused(404, "M_NOT_FOUND");
    admin.post(&path("@a:elsewhere.example", WHAT), json!({})).await.refused(400, "M_UNKNOWN");
}
