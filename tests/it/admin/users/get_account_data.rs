//! `GET /_synapse/admin/v1/users/{userId}/accountdata`

use serde_json::{Value, json};

use super::{only_administrators, path};
use crate::harness::{Server, encode};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "accountdata", &Value::Null).await;
}

#[tokio::test]
async fn what_belongs_to_rooms_is_told_apart() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({})).await;
    let of_alice = format!("/user/{}", encode(&alice.id));
    alice.put(&format!("{of_alice}/account_data/org.example.a"), json!({"a": 1})).await.ok();
    let of_room = format!("{of_alice}/rooms/{}/account_data/org.example.b", encode(&room));
    alice.put(&of_room, json!({"b": 2})).await.ok();
    let told = admin.get(&path(&alice.id, "accountdata")).await.ok();
    assert_eq!(told["account_data"]["global"]["org.example.a"], json!({"a": 1}));
    assert_eq!(told["account_data"]["rooms"][&room]["org.example.b"], json!({"b": 2}));
}
