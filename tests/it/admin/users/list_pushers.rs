//! `GET /_synapse/admin/v1/users/{userId}/pushers`

use serde_json::{Value, json};

use super::{only_administrators, path};
use crate::harness::Server;

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "pushers", &Value::Null).await;
}

#[tokio::test]
async fn pushers_of_a_user_are_listed() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let pusher = json!({
        "kind": "http", "app_id": "org.example.app", "pushkey": "key", "app_display_name": "App",
        "device_display_name": "Phone", "lang": "en",
        "data": {"url": "https://push.example.org/_matrix/push/v1/notify"},
    });
    alice.post("/pushers/set", pusher.clone()).await.ok();
    let listed = admin.get(&path(&alice.id, "pushers")).await.ok();
    assert_eq!(listed["total"], 1, "{listed}");
    for field in ["kind", "app_id", "pushkey", "app_display_name", "device_display_name", "lang", "data"] {
        assert_eq!(listed["pushers"][0][field], pusher[field], "{field}");
    }
    let none = admin.get(&path(&admin.id, "pushers")).await.ok();
    assert_eq!(none, json!({"pushers": [], "total": 0}));
}
