//! `GET /_synapse/admin/v2/users/{userId}/devices`

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "devices", None).await;
}

#[tokio::test]
async fn all_devices_of_a_user_are_listed() {
    let (server, admin, alice) = start().await;
    alice.log_in_again(&server, "PHONE").await;
    let listed = admin.get(&path(&alice.id, "devices")).await.ok();
    assert_eq!(listed["total"], 2, "{listed}");
    let phone = listed["devices"].as_array().unwrap().iter().find(|device| device["device_id"] == "PHONE");
    assert_eq!(phone.unwrap()["user_id"], *alice.id, "{listed}");
}
