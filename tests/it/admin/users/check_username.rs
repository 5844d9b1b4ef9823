//! `GET /_synapse/admin/v1/username_available`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/_synapse/admin/v1/username_available";

#[tokio::test]
async fn names_are_free_or_taken() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let check = async |name: &str| admin.get(&format!("{PATH}?username={name}")).await;
    assert_eq!(check("bob").await.ok(), json!({"available": true}));
    check("alice").await.refused(400, "M_USER_IN_USE");
    check("b%20d").await.refused(400, "M_INVALID_USERNAME");
    admin.get(PATH).await.refused(400, "M_MISSING_PARAM");
    alice.get(&format!("{PATH}?username=bob")).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &format!("{PATH}?username=bob"), None).await.refused(401, "M_MISSING_TOKEN");
}
