//! `GET /_synapse/admin/v1/rooms/{roomId}`

use serde_json::{Value, json};

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| path(room, ""), None).await;
}

#[tokio::test]
async fn a_room_is_described() {
    let (server, admin, alice, room) = start().await;
    alice.log_in_again(&server, "PHONE").await;
    let told = admin.get(&path(&room, "")).await.ok();
    for (field, value) in [
        ("room_id", json!(room)),
        ("name", json!("Tea")),
        ("topic", json!("All kinds")),
        ("joined_local_devices", json!(2)),
        ("creator", json!(alice.id)),
        ("forgotten", json!(false)),
        ("tombstoned", json!(false)),
        ("replacement_room", Value::Null),
        ("join_rules", json!("invite")),
    ] {
        assert_eq!(told[field], value, "{field}");
    }
    assert!(told["state_events"].as_u64().unwrap() > 5, "{told}");
}
