//! `GET /_matrix/client/unstable/org.matrix.msc4140/delayed_events`

use serde_json::{Value, json};

use super::{BASE, LONG_MS, delay, two_in_a_room, update};
use crate::harness::{User, encode};

async fn bodies(user: &User, query: &str) -> Vec<String> {
    let answer = user.get(&format!("{BASE}/delayed_events{query}")).await.ok();
    let body = |delayed: &Value| delayed["content"]["body"].as_str().unwrap().to_owned();
    answer["delayed_events"].as_array().unwrap().iter().map(body).collect()
}

#[tokio::test]
async fn users_see_what_waits_and_what_ended() {
    let (server, alice, bob, room) = two_in_a_room().await;
    delay(&alice, &room, "t1", "third", 3 * LONG_MS).await;
    let first = delay(&alice, &room, "t2", "first", LONG_MS).await;
    let second = delay(&alice, &room, "t3", "second", 2 * LONG_MS).await;
    delay(&bob, &room, "t1", "of bob", LONG_MS).await;
    assert_eq!(bodies(&alice, "").await, ["first", "second", "third"]);
    assert_eq!(bodies(&alice, "?dir=b&since_ts=end").await, ["third", "second", "first"]);
    assert_eq!(bodies(&alice, "?order_by=running_since&since_ts=0").await, ["third", "first", "second"]);
    update(&server, &first, "send").await.ok();
    update(&server, &second, "cancel").await.ok();
    assert_eq!(bodies(&alice, "?status=scheduled").await, ["third"]);
    assert_eq!(bodies(&alice, "?status=finalised").await, ["first", "second"]);
    assert_eq!(bodies(&alice, "?outcome=send").await, ["first"]);
    assert_eq!(bodies(&alice, "?outcome=cancel&reason=action").await, ["second"]);
    assert_eq!(bodies(&alice, "?reason=delay").await, [""; 0]);
    assert_eq!(bodies(&alice, &format!("?room_id={}&type=m.room.message", encode(&room))).await.len(), 3);
    assert_eq!(bodies(&alice, "?room_id=!other:localhost").await, [""; 0]);
    assert_eq!(bodies(&alice, "?type=m.room.name").await, [""; 0]);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, _bob, _room) = two_in_a_room().await;
    for query in ["status=unknown", "dir=up", "since_ts=soon", "order_by=size", "outcome=x", "reason=x"] {
        alice.get(&format!("{BASE}/delayed_events?{query}")).await.refused(400, "M_INVALID_PARAM");
    }
    let empty = alice.get(&format!("{BASE}/delayed_events")).await.ok();
    assert_eq!(empty, json!({"delayed_events": []}));
    let path = format!("{BASE}/delayed_events");
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
