//! `POST /_synapse/admin/v1/federation/destinations/{destination}/reset_connection`

use super::{Two, path};

#[tokio::test]
async fn a_server_is_asked_at_once_again() {
    let mut two = Two::start().await;
    let reset = path(&two.there.name, "/reset_connection");
    two.admin.post(&reset, serde_json::json!({})).await.refused(400, "M_UNKNOWN");
    let before = two.lose().await;
    two.admin.post(&reset, serde_json::json!({})).await.ok();
    let after = two.admin.get(&path(&two.there.name, "")).await.ok();
    // It is still away, and has been tried since, or will be now.
    assert!(after["retry_last_ts"].as_u64() >= before["retry_last_ts"].as_u64(), "{before} {after}");
    two.admin
        .post(&path("unknown.example", "/reset_connection"), serde_json::json!({}))
        .await
        .refused(404, "M_NOT_FOUND");
    two.only_administrators("POST", &reset).await;
}
