//! `PUT /_synapse/admin/v2/users/{userId}/devices/{deviceId}`

use serde_json::json;

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_name_them() {
    only_administrators("PUT", "devices/PHONE", Some(json!({"display_name": "x"}))).await;
}

#[tokio::test]
async fn a_device_gets_a_name() {
    let (_server, admin, alice) = start().await;
    let of_device = path(&alice.id, &format!("devices/{}", alice.device));
    assert_eq!(admin.put(&of_device, json!({"display_name": "Pocket"})).await.ok(), json!({}));
    assert_eq!(alice.get(&format!("/devices/{}", alice.device)).await.ok()["display_name"], "Pocket");
    let none = admin.put(&path(&alice.id, "devices/NONE"), json!({"display_name": "x"})).await;
    none.refused(404, "M_NOT_FOUND");
    admin.put(&of_device, json!({"display_name": "x".repeat(101)})).await.refused(400, "M_TOO_LARGE");
}
