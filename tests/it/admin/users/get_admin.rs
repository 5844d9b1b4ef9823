//! `GET /_synapse/admin/v1/users/{userId}/admin`

use serde_json::{Value, json};

use super::{only_administrators, path};
use crate::harness::Server;

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "admin", &Value::Null).await;
}

#[tokio::test]
async fn administrators_are_told_from_others() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    assert_eq!(admin.get(&path(&admin.id, "admin")).await.ok(), json!({"admin": true}));
    assert_eq!(admin.get(&path(&alice.id, "admin")).await.ok(), json!({"admin": false}));
}
