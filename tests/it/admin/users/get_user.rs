//! `GET /_synapse/admin/v2/users/{userId}`

use serde_json::{Value, json};

use super::v2;
use crate::harness::Server;

#[tokio::test]
async fn a_user_is_described() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let user = admin.get(&v2(&alice.id)).await.ok();
    assert_eq!(user["name"], *alice.id);
    assert_eq!(user["displayname"], "alice");
    for (field, value) in [
        ("admin", json!(false)),
        ("deactivated", json!(false)),
        ("locked", json!(false)),
        ("is_guest", json!(false)),
        ("threepids", json!([])),
        ("avatar_url", Value::Null),
        ("appservice_id", Value::Null),
        ("user_type", Value::Null),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    // Seconds here.
    let created = user["creation_ts"].as_u64().unwrap();
    assert!(created > 1_500_000_000 && created < 100_000_000_000, "{user}");
    assert_eq!(admin.get(&v2(&admin.id)).await.ok()["admin"], true);
}

#[tokio::test]
async fn only_administrators_ask() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    alice.get(&v2(&alice.id)).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &v2(&alice.id), None).await.refused(401, "M_MISSING_TOKEN");
    admin.get(&v2("@nobody:localhost")).await.refused(404, "M_NOT_FOUND");
    admin.get(&v2("@alice:elsewhere.example")).await.refused(400, "M_UNKNOWN");
    admin.get(&v2("alice")).await.refused(400, "M_INVALID_PARAM");
}
