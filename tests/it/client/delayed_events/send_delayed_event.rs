//! `PUT /_matrix/client/unstable/org.matrix.msc4140/rooms/{roomId}/delayed_event/{eventType}/{txnId}`

use serde_json::json;

use super::{BASE, LONG_MS, delay, says, text, two_in_a_room, update};
use crate::harness::{Server, encode};

#[tokio::test]
async fn an_event_is_sent_when_its_time_has_come() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let delay_id = delay(&alice, &room, "t1", "later", 700).await;
    alice.say(&room, "now").await;
    let events = says(&bob, &room, &["later", "now"]).await;
    assert!(events[0]["unsigned"]["org.matrix.msc4140.delay_id"].is_null(), "{events:?}");
    // Its sender knows which it was.
    let events = says(&alice, &room, &["later", "now"]).await;
    assert_eq!(events[0]["unsigned"]["org.matrix.msc4140.delay_id"], *delay_id);
    assert!(events[0]["unsigned"]["transaction_id"].is_null(), "{events:?}");
}

#[tokio::test]
async fn the_endpoints_that_send_at_once_can_wait_too() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let path = format!("/rooms/{}/send/m.room.message/t1?org.matrix.msc4140.delay=300", encode(&room));
    let answer = alice.put(&path, text("later")).await.ok();
    assert!(answer["delay_id"].is_string() && answer["event_id"].is_null(), "{answer}");
    says(&bob, &room, &["later"]).await;
    let path = format!("/rooms/{}/state/m.room.topic/?org.matrix.msc4140.delay={LONG_MS}", encode(&room));
    let answer = alice.put(&path, json!({"topic": "tea"})).await.ok();
    bob.state(&room, "m.room.topic", "").await.refused(404, "M_NOT_FOUND");
    let delay_id = answer["delay_id"].as_str().unwrap();
    update(&server, delay_id, "send").await.ok();
    assert_eq!(bob.state(&room, "m.room.topic", "").await.ok()["topic"], "tea");
    let path = format!("/rooms/{}/send/m.room.message/t2?org.matrix.msc4140.delay=soon", encode(&room));
    alice.put(&path, text("never")).await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn a_repetition_makes_no_second_one() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let first = delay(&alice, &room, "t1", "once", 500).await;
    assert_eq!(delay(&alice, &room, "t1", "once", 500).await, first);
    assert_ne!(delay(&alice, &room, "t2", "twice", LONG_MS).await, first);
    says(&bob, &room, &["once"]).await;
    assert_eq!(delay(&alice, &room, "t1", "once", 500).await, first);
}

#[tokio::test]
async fn nothing_is_lost_when_the_server_stops() {
    let (server, alice, bob, room) = two_in_a_room().await;
    delay(&alice, &room, "t1", "soon", 400).await;
    delay(&alice, &room, "t2", "later", 2_500).await;
    let server = server.crash_and_restart().await;
    says(&bob.on(&server), &room, &["later", "soon"]).await;
}

#[tokio::test]
async fn whether_one_may_is_judged_in_time() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let path = format!("{BASE}/rooms/{}/delayed_event/m.room.name/t1", encode(&room));
    let content = json!({"delay": LONG_MS, "state_key": "", "content": {"name": "Bob's"}});
    let answer = bob.put(&path, content).await.ok();
    let delay_id = answer["delay_id"].as_str().unwrap();
    update(&server, delay_id, "send").await.refused(403, "M_FORBIDDEN");
    // It stays, in case that changes.
    alice.set_levels(&room, json!({"events": {"m.room.name": 0}})).await.ok();
    update(&server, delay_id, "send").await.ok();
    assert_eq!(alice.state(&room, "m.room.name", "").await.ok()["name"], "Bob's");
}

#[tokio::test]
async fn limits_are_told() {
    let more = "\n[delayed_events]\nmax_delay_seconds = 10\nwaiting_per_user_max = 2\n";
    let server = Server::start_with(more).await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({})).await;
    let path = |transaction: &str| {
        format!("{BASE}/rooms/{}/delayed_event/m.room.message/{transaction}", encode(&room))
    };
    let body = |delay_ms: u64| json!({"delay": delay_ms, "content": text("hello")});
    let refused = alice.put(&path("t1"), body(10_001)).await;
    let refused = refused.refused(400, "ORG.MATRIX.MSC4140_MAX_DELAY_EXCEEDED");
    assert_eq!(refused["org.matrix.msc4140.max_delay"], 10_000);
    alice.put(&path("t1"), body(0)).await.refused(400, "M_INVALID_PARAM");
    alice.put(&path("t1"), json!({"delay": 9_000})).await.refused(400, "M_BAD_JSON");
    alice.put(&path("t1"), json!({"content": text("hello")})).await.refused(400, "M_BAD_JSON");
    bob.put(&path("t1"), body(9_000)).await.refused(403, "M_FORBIDDEN");
    server.anonymous("PUT", &path("t1"), Some(body(9_000))).await.refused(401, "M_MISSING_TOKEN");
    alice.put(&path("t1"), body(9_000)).await.ok();
    let second = alice.put(&path("t2"), body(10_000)).await.ok();
    let third = alice.put(&path("t3"), body(10_000)).await;
    let seconds: u64 = third.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=9).contains(&seconds), "{seconds}");
    third.refused(429, "M_LIMIT_EXCEEDED");
    update(&server, second["delay_id"].as_str().unwrap(), "cancel").await.ok();
    alice.put(&path("t3"), body(10_000)).await.ok();
}

#[tokio::test]
async fn the_operator_may_switch_it_off() {
    let server = Server::start_with("\n[delayed_events]\nmax_delay_seconds = 0\n").await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let path = format!("{BASE}/rooms/{}/delayed_event/m.room.message/t1", encode(&room));
    let refused = alice.put(&path, json!({"delay": 1, "content": text("hello")})).await;
    refused.refused(400, "ORG.MATRIX.MSC4140_MAX_DELAY_EXCEEDED");
    let versions = server.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.msc4140"], false);
    let other = Server::start().await;
    let versions = other.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.msc4140"], true);
}
