//! `DELETE /_synapse/admin/v2/users/{userId}/devices/{deviceId}`

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_remove_them() {
    only_administrators("DELETE", "devices/PHONE", None).await;
}

#[tokio::test]
async fn the_session_ends() {
    let (server, admin, alice) = start().await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    admin.delete(&path(&alice.id, "devices/PHONE")).await.ok();
    phone.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    alice.get("/account/whoami").await.ok();
    // What is gone is as good as removed.
    admin.delete(&path(&alice.id, "devices/PHONE")).await.ok();
}
