//! Events that are sent later.

mod get_all_delayed_events;
mod get_delayed_event;
mod send_delayed_event;
mod update_delayed_event;

use serde_json::{Value, json};

use crate::harness::{Server, User, encode, eventually, two_in_a_room};

const BASE: &str = "/_matrix/client/unstable/org.matrix.msc4140";

/// Long enough that it does not happen during a test.
const LONG_MS: u64 = 3_600_000;

fn text(body: &str) -> Value {
    json!({"msgtype": "m.text", "body": body})
}

/// Has a message sent later, and answers its delay id.
async fn delay(user: &User, room: &str, transaction: &str, body: &str, delay_ms: u64) -> String {
    let path = format!("{BASE}/rooms/{}/delayed_event/m.room.message/{transaction}", encode(room));
    let answer = user.put(&path, json!({"delay": delay_ms, "content": text(body)})).await.ok();
    answer["delay_id"].as_str().unwrap_or_else(|| panic!("no delay_id in {answer}")).to_owned()
}

/// Sends, cancels or restarts, as somebody who knows the delay id.
async fn update(server: &Server, delay_id: &str, action: &str) -> crate::harness::Answer {
    server.anonymous("POST", &format!("{BASE}/delayed_events/{delay_id}/{action}"), Some(json!({}))).await
}

/// Waits until a room's newest messages are these, the newest first.
async fn says(user: &User, room: &str, expected: &[&str]) -> Vec<Value> {
    eventually("the messages", async || {
        let page = user.messages(room, "dir=b&limit=20").await;
        let events: Vec<Value> = page["chunk"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["type"] == "m.room.message")
            .cloned()
            .collect();
        let bodies: Vec<&str> = events.iter().filter_map(|event| event["content"]["body"].as_str()).collect();
        if bodies == expected { Ok(events) } else { Err(format!("{bodies:?}")) }
    })
    .await
}
