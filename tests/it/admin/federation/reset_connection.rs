//! `POST /_synapse/admin/v1/federation/destinations/{destination}/reset_connection`

use serde_json::{Value, json};

use super::{Two, path};
use crate::harness::eventually;

#[tokio::test]
async fn a_server_is_asked_at_once_again() {
    let mut two = Two::start().await;
    let reset = path(&two.there.name, "/reset_connection");
    two.admin.post(&reset, json!({})).await.refused(400, "M_UNKNOWN");
    let before = two.lose().await;
    two.admin.post(&reset, json!({})).await.ok();
    // It is still away, and that is found out once more.
    eventually("another try", async || {
        let after = two.admin.get(&path(&two.there.name, "")).await.ok();
        let tried = |told: &Value| told["retry_last_ts"].as_u64();
        if tried(&after) > tried(&before) { Ok(()) } else { Err(after.to_string()) }
    })
    .await;
    two.admin
        .post(&path("unknown.example", "/reset_connection"), json!({}))
        .await
        .refused(404, "M_NOT_FOUND");
    two.only_administrators("POST", &reset).await;
}
