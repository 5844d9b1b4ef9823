//! `POST /_synapse/admin/v1/user/{userId}/media/quarantine`

use serde_json::json;

use crate::harness::{Server, encode};

fn path(user: &str) -> String {
    format!("/_synapse/admin/v1/user/{}/media/quarantine", encode(user))
}

#[tokio::test]
async fn a_users_files_are_withdrawn() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let other = admin.upload("text/plain", "not hers").await;
    let uris = [alice.upload("text/plain", "1").await, alice.upload("text/plain", "2").await];
    let protected = alice.upload("text/plain", "3").await;
    let id = protected.rsplit('/').next().unwrap();
    admin.post(&format!("/_synapse/admin/v1/media/protect/{id}"), json!({})).await.ok();
    alice.post(&path(&alice.id), json!({})).await.refused(403, "M_FORBIDDEN");
    server.anonymous("POST", &path(&alice.id), Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    assert_eq!(admin.post(&path(&alice.id), json!({})).await.ok(), json!({"num_quarantined": 2}));
    for uri in &uris {
        alice.fetch(uri).await.refused(404, "M_NOT_FOUND");
    }
    for uri in [&protected, &other] {
        alice.fetch(uri).await.ok();
    }
    admin.post(&path("@nobody:localhost"), json!({})).await.refused(404, "M_NOT_FOUND");
    admin.post(&path("@alice:elsewhere.example"), json!({})).await.refused(400, "M_UNKNOWN");
}
