//! `GET /_synapse/admin/v2/users/{userId}/devices/{deviceId}`

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "devices/PHONE", None).await;
}

#[tokio::test]
async fn a_device_is_described() {
    let (server, admin, alice) = start().await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    phone.get("/account/whoami").await.ok();
    let device = admin.get(&path(&alice.id, "devices/PHONE")).await.ok();
    assert_eq!((&device["device_id"], &device["user_id"]), (&"PHONE".into(), &alice.id.as_str().into()));
    assert_eq!(device["last_seen_ip"], "127.0.0.1", "{device}");
    assert!(device["last_seen_ts"].is_u64(), "{device}");
    admin.get(&path(&alice.id, "devices/NONE")).await.refused(404, "M_NOT_FOUND");
}
