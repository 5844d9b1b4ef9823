//! `GET /_synapse/admin/v1/federation/destinations`

use serde_json::json;

use super::{PATH, Two};

#[tokio::test]
async fn servers_with_rooms_in_common_are_listed() {
    let two = Two::start().await;
    let there = json!({
        "destination": two.there.name, "retry_last_ts": 0, "retry_interval": 0, "failure_ts": null,
        "last_successful_stream_ordering": null,
    });
    let listed = two.admin.get(PATH).await.ok();
    assert_eq!(listed, json!({"destinations": [there], "total": 1}));
    let none = two.admin.get(&format!("{PATH}?destination=nowhere")).await.ok();
    assert_eq!(none, json!({"destinations": [], "total": 0}));
    two.admin.get(&format!("{PATH}?order_by=colour")).await.refused(400, "M_INVALID_PARAM");
    two.only_administrators("GET", PATH).await;
}
