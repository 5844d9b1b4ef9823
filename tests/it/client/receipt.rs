//! Read receipts.

mod create_receipt;
mod private;
mod threaded;

use serde_json::{Value, json};

use crate::harness::{Answer, User, encode, receipts, shows_event};

/// Sends a receipt of a kind, with a body.
async fn receipt(user: &User, room: &str, kind: &str, event: &str, body: Value) -> Answer {
    user.post(&format!("/rooms/{}/receipt/{kind}/{}", encode(room), encode(event)), body).await
}

async fn read(user: &User, room: &str, event: &str) {
    assert_eq!(receipt(user, room, "m.read", event, json!({})).await.ok(), json!({}));
}

/// Every receipt that a user sees behind `since`, up to an event that comes after them.
async fn seen_until(
    user: &User,
    since: &str,
    room: &str,
    last: &str,
) -> Vec<(String, String, String, Option<String>)> {
    let mut seen = Vec::new();
    user.sync_until(Some(since), |answer| {
        seen.extend(receipts(answer, room));
        shows_event(answer, room, last).then_some(())
    })
    .await;
    seen
}
