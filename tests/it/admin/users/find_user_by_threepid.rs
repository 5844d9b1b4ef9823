//! `GET /_synapse/admin/v1/threepid/{medium}/users/{address}`

use serde_json::json;

use crate::harness::Server;

#[tokio::test]
async fn an_address_leads_to_its_user() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let with = json!({"threepids": [{"medium": "email", "address": "alice@example.org"}]});
    admin.put(&super::v2(&alice.id), with).await.ok();
    let path = |address: &str| format!("/_synapse/admin/v1/threepid/email/users/{address}");
    assert_eq!(admin.get(&path("Alice@example.org")).await.ok(), json!({"user_id": alice.id}));
    admin.get(&path("bob@example.org")).await.refused(404, "M_NOT_FOUND");
    alice.get(&path("alice@example.org")).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &path("alice@example.org"), None).await.refused(401, "M_MISSING_TOKEN");
}
