//! Searching messages.

mod following;
mod search_events;
mod visibility;

use serde_json::{Value, json};

use crate::harness::{User, bodies, encode};

/// Searches messages and answers the category of room events.
pub(crate) async fn search(user: &User, criteria: Value) -> Value {
    search_from(user, criteria, "").await
}

/// The same, from where an answer left off.
pub(crate) async fn search_from(user: &User, criteria: Value, next_batch: &str) -> Value {
    let query =
        if next_batch.is_empty() { String::new() } else { format!("?next_batch={}", encode(next_batch)) };
    let body = json!({"search_categories": {"room_events": criteria}});
    let answer = user.post(&format!("/search{query}"), body).await.ok();
    answer["search_categories"]["room_events"].clone()
}

/// The texts of what a word finds, newest first.
pub(crate) async fn found(user: &User, term: &str) -> Vec<String> {
    texts(&search(user, json!({"search_term": term, "order_by": "recent"})).await)
}

/// The texts of the results.
#[track_caller]
pub(crate) fn texts(results: &Value) -> Vec<String> {
    let events = results["results"].as_array().unwrap_or_else(|| panic!("no results in {results}"));
    let events: Vec<Value> = events.iter().map(|result| result["result"].clone()).collect();
    bodies(&Value::Array(events)).into_iter().map(str::to_owned).collect()
}
