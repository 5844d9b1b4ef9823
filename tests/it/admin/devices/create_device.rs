//! `POST /_synapse/admin/v2/users/{userId}/devices`

use serde_json::json;

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_make_them() {
    only_administrators("POST", "devices", Some(json!({"device_id": "PHONE"}))).await;
}

#[tokio::test]
async fn a_device_is_made_once() {
    let (_server, admin, alice) = start().await;
    for _ in 0..2 {
        let answer = admin.post(&path(&alice.id, "devices"), json!({"device_id": "PHONE"})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    assert_eq!(alice.get("/devices/PHONE").await.ok()["device_id"], "PHONE");
    admin.post(&path(&alice.id, "devices"), json!({"device_id": ""})).await.refused(400, "M_INVALID_PARAM");
    admin.post(&path(&alice.id, "devices"), json!({})).await.refused(400, "M_BAD_JSON");
}
