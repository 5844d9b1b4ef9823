//! `GET /_synapse/admin/v1/registration_tokens`

use std::time::Duration;

use serde_json::json;

use super::{PATH, make, now_ms, only_administrators, start};
use crate::harness::User;

/// The tokens of a list, sorted.
async fn listed(admin: &User, query: &str) -> Vec<String> {
    let answer = admin.get(&format!("{PATH}{query}")).await.ok();
    let tokens = answer["registration_tokens"].as_array().unwrap();
    let mut tokens: Vec<String> =
        tokens.iter().map(|token| token["token"].as_str().unwrap().to_owned()).collect();
    tokens.sort();
    tokens
}

#[tokio::test]
async fn tokens_are_listed_by_whether_they_are_valid() {
    let (server, admin) = start().await;
    assert_eq!(listed(&admin, "").await, [""; 0]);
    make(&admin, json!({"token": "free"})).await;
    make(&admin, json!({"token": "later", "uses_allowed": 1, "expiry_time": now_ms() + 600_000})).await;
    make(&admin, json!({"token": "none", "uses_allowed": 0})).await;
    make(&admin, json!({"token": "soon", "expiry_time": now_ms() + 1000})).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(listed(&admin, "").await, ["free", "later", "none", "soon"]);
    assert_eq!(listed(&admin, "?valid=true").await, ["free", "later"]);
    assert_eq!(listed(&admin, "?valid=false").await, ["none", "soon"]);
    admin.get(&format!("{PATH}?valid=perhaps")).await.refused(400, "M_INVALID_PARAM");
    only_administrators(&server, "GET", PATH).await;
}
