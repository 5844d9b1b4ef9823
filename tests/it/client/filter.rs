//! Stored filters.

mod create_filter;
mod get_filter;

use serde_json::Value;

use crate::harness::{User, encode};

/// Stores a filter and answers its id.
async fn store(user: &User, filter: Value) -> String {
    let answer = user.post(&format!("/user/{}/filter", encode(&user.id)), filter).await.ok();
    answer["filter_id"].as_str().unwrap().to_owned()
}
