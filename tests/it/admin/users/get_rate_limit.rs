//! `GET /_synapse/admin/v1/users/{userId}/override_ratelimit`

use serde_json::{Value, json};

use super::{only_administrators, path};
use crate::harness::Server;

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", "override_ratelimit", &Value::Null).await;
}

#[tokio::test]
async fn a_rate_is_shown_where_there_is_one() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let of_alice = path(&alice.id, "override_ratelimit");
    assert_eq!(admin.get(&of_alice).await.ok(), json!({}));
    let rate = json!({"messages_per_second": 3, "burst_count": 9});
    admin.post(&of_alice, rate.clone()).await.ok();
    assert_eq!(admin.get(&of_alice).await.ok(), rate);
    let server = server.crash_and_restart().await;
    let admin = admin.on(&server);
    assert_eq!(admin.get(&of_alice).await.ok(), rate);
    assert_eq!(admin.get(&path(&admin.id, "override_ratelimit")).await.ok(), json!({}));
}
