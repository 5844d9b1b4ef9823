//! `GET /_synapse/admin/v1/user/redact_status/{redactId}`

use serde_json::json;

use super::redact_user::{of_id, path};
use crate::harness::Server;

#[tokio::test]
async fn only_administrators_ask_and_only_of_what_was_begun() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let id = admin.post(&path(&alice.id), json!({"rooms": []})).await.ok()["redact_id"].take();
    let of_it = of_id(id.as_str().unwrap());
    let status = admin.get(&of_it).await.ok();
    assert!(status["status"] == "active" || status["status"] == "completed", "{status}");
    alice.get(&of_it).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &of_it, None).await.refused(401, "M_MISSING_TOKEN");
    admin.get(&of_id("unknown")).await.refused(404, "M_NOT_FOUND");
}
