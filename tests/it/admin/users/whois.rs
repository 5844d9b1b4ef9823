//! `GET /_synapse/admin/v1/whois/{userId}`

use serde_json::Value;

use super::only_administrators_at;
use crate::harness::{Server, encode};

fn path(user: &str) -> String {
    format!("/_synapse/admin/v1/whois/{}", encode(user))
}

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators_at("GET", path, &Value::Null).await;
}

#[tokio::test]
async fn each_device_says_where_it_was() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    alice.get("/account/whoami").await.ok();
    let answer = admin.get(&path(&alice.id)).await.ok();
    assert_eq!(answer["user_id"], *alice.id);
    let connection = &answer["devices"][&alice.device]["sessions"][0]["connections"][0];
    assert_eq!(connection["ip"], "127.0.0.1", "{answer}");
    assert!(connection["last_seen"].is_u64(), "{answer}");
}
