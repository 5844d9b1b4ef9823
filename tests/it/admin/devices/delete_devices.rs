//! `POST /_synapse/admin/v2/users/{userId}/delete_devices`

use serde_json::json;

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_remove_them() {
    only_administrators("POST", "delete_devices", Some(json!({"devices": []}))).await;
}

#[tokio::test]
async fn the_sessions_end() {
    let (server, admin, alice) = start().await;
    let (phone, tablet) =
        (alice.log_in_again(&server, "PHONE").await, alice.log_in_again(&server, "TABLET").await);
    let body = json!({"devices": ["PHONE", "TABLET", "NONE"]});
    admin.post(&path(&alice.id, "delete_devices"), body).await.ok();
    phone.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    tablet.get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    alice.get("/account/whoami").await.ok();
    admin.post(&path(&alice.id, "delete_devices"), json!({})).await.refused(400, "M_BAD_JSON");
}
