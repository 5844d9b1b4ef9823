//! What the client has missed, or will.

mod account_data;
mod client_model;
mod ephemeral;
mod filters;
mod ignored_users;
mod lazy_members;
mod limited;
mod long_poll;
mod memberships;
mod sliding_sync;
mod state_after;
mod sticky_events;
mod summary;
mod sync_events;

use serde_json::Value;

use crate::harness::{User, encode};

/// The query parameter of a filter.
fn filter(filter: &Value) -> String {
    format!("filter={}", encode(&filter.to_string()))
}

/// One sync that answers at once, by a filter and behind a token.
async fn filtered(user: &User, by: &Value, since: Option<&str>) -> Value {
    let since = since.map(|since| format!("&since={since}")).unwrap_or_default();
    user.sync_with(&format!("{}{since}", filter(by))).await
}

/// Where the next sync goes on.
fn next(answer: &Value) -> &str {
    answer["next_batch"].as_str().unwrap_or_else(|| panic!("no next_batch in {answer}"))
}

/// A joined room's part of an answer.
#[track_caller]
fn joined<'a>(answer: &'a Value, room: &str) -> &'a Value {
    let joined = &answer["rooms"]["join"][room];
    assert!(joined.is_object(), "{room} is not there: {answer}");
    joined
}

/// The events of a joined room's timeline.
#[track_caller]
fn timeline<'a>(answer: &'a Value, room: &str) -> &'a Value {
    &joined(answer, room)["timeline"]["events"]
}

/// Whether nothing happened in any room.
fn is_quiet(answer: &Value) -> bool {
    answer["rooms"].as_object().is_none_or(|sections| {
        sections.values().all(|rooms| rooms.as_object().is_none_or(serde_json::Map::is_empty))
    })
}
