//! `msc4354_sticky`: what everybody in a room is to get for some time, and the same in sliding sync.

use serde_json::{Value, json};

use super::{filtered, joined, next};
use crate::harness::{Server, User, bodies, encode, eventually, two_in_a_room};

const SLIDING: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0";
const EXTENSION: &str = "org.matrix.msc4354.sticky_events";

/// A timeline of two events.
fn short() -> Value {
    json!({"room": {"timeline": {"limit": 2}}})
}

/// What a joined room's part of an answer has in sight.
fn sticky<'a>(answer: &'a Value, room: &str) -> Vec<&'a str> {
    bodies_if_any(&answer["rooms"]["join"][room]["msc4354_sticky"]["events"])
}

/// Parts without such events are left out.
fn bodies_if_any(events: &Value) -> Vec<&str> {
    if events.is_null() { Vec::new() } else { bodies(events) }
}

/// Pushes what was said before out of short timelines.
async fn chatter(user: &User, room: &str) {
    for number in 0..3 {
        user.say(room, &format!("line {number}")).await;
    }
}

#[tokio::test]
async fn what_is_sticky_comes_although_the_timeline_has_gone_on() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let versions = server.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.msc4354"], true);
    let before = bob.now().await;
    alice.say_sticky(&room, "in the call", 600_000).await;
    // In the timeline it is not told twice.
    let there = filtered(&bob, &short(), None).await;
    assert_eq!(bodies(&joined(&there, &room)["timeline"]["events"]).last(), Some(&"in the call"));
    assert!(sticky(&there, &room).is_empty(), "{there}");
    let told = &joined(&there, &room)["timeline"]["events"][1];
    assert_eq!(told["msc4354_sticky"], json!({"duration_ms": 600_000}));

    chatter(&alice, &room).await;
    for since in [None, Some(before.as_str())] {
        let answer = filtered(&bob, &short(), since).await;
        assert_eq!(sticky(&answer, &room), ["in the call"], "{answer}");
        let event = &joined(&answer, &room)["msc4354_sticky"]["events"][0];
        assert_eq!(event["msc4354_sticky"]["duration_ms"], 600_000);
        let left_ms = event["unsigned"]["msc4354_sticky_duration_ttl_ms"].as_u64().unwrap();
        assert!((1..=600_000).contains(&left_ms), "{event}");
        // Once is enough.
        let next = next(&answer).to_owned();
        alice.say(&room, "on").await;
        assert!(sticky(&filtered(&bob, &short(), Some(&next)).await, &room).is_empty());
    }
    // The filter of the timeline hides it there, and there alone.
    let none = json!({"room": {"timeline": {"types": ["nothing"]}}});
    assert_eq!(sticky(&filtered(&bob, &none, None).await, &room), ["in the call"]);
    let server = server.crash_and_restart().await;
    assert_eq!(sticky(&filtered(&bob.on(&server), &short(), None).await, &room), ["in the call"]);
}

#[tokio::test]
async fn whoever_comes_later_gets_it_too() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    let hidden = json!({"history_visibility": "joined"});
    alice.set_state(&room, "m.room.history_visibility", "", hidden).await.ok();
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "public"})).await.ok();
    let event = alice.say_sticky(&room, "in the call", 600_000).await;
    let other = alice.say(&room, "among ourselves").await;
    chatter(&alice, &room).await;
    let carol = server.register("carol").await;
    let (start, sliding) = (carol.now().await, slide(&carol, None).await);
    carol.join(&room).await.ok();
    for since in [None, Some(start.as_str())] {
        assert_eq!(sticky(&filtered(&carol, &short(), since).await, &room), ["in the call"]);
    }
    assert_eq!(carol.event(&room, &event).await.ok()["content"]["body"], "in the call");
    carol.event(&room, &other).await.refused(404, "M_NOT_FOUND");
    let since = sliding[EXTENSION]["next_batch"].as_str().unwrap();
    assert_eq!(told(&slide(&carol, Some(since)).await, &room), ["in the call"]);
}

#[tokio::test]
async fn what_is_redacted_or_over_is_like_anything_else() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let redacted = alice.say_sticky(&room, "a slip", 600_000).await;
    alice.redact(&room, &redacted, "t", json!({})).await.ok();
    let short_lived = alice.say_sticky(&room, "for a moment", 1_000).await;
    alice.say_sticky(&room, "for long", 7_200_000).await;
    alice.say_sticky(&room, "for no time", 0).await;
    chatter(&alice, &room).await;
    eventually("the time is over", async || {
        let answer = filtered(&bob, &short(), None).await;
        let seen = sticky(&answer, &room);
        if seen == ["for long"] { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
    let event = bob.event(&room, &short_lived).await.ok();
    assert_eq!(event["msc4354_sticky"]["duration_ms"], 1_000);
    assert!(event["unsigned"]["msc4354_sticky_duration_ttl_ms"].is_null(), "{event}");
    let answer = filtered(&bob, &short(), None).await;
    let event = &joined(&answer, &room)["msc4354_sticky"]["events"][0];
    // Nothing is in sight for longer than an hour.
    assert_eq!(event["msc4354_sticky"]["duration_ms"], 3_600_000);
    let path = format!("/rooms/{}/send/m.room.message/", encode(&room));
    for (number, duration) in ["-1", "soon", "1.5"].iter().enumerate() {
        let path = format!("{path}{number}?org.matrix.msc4354.sticky_duration_ms={duration}");
        alice.put(&path, json!({"body": "?"})).await.refused(400, "M_INVALID_PARAM");
    }
}

/// What sliding sync says of extensions.
async fn slide(user: &User, since: Option<&str>) -> Value {
    let body = json!({
        "lists": {"all": {"ranges": [[0, 9]], "timeline_limit": 1, "required_state": []}},
        "extensions": {EXTENSION: {"enabled": true, "limit": 2, "since": since}},
    });
    user.post(SLIDING, body).await.ok()["extensions"].clone()
}

fn told<'a>(extensions: &'a Value, room: &str) -> Vec<&'a str> {
    bodies_if_any(&extensions[EXTENSION]["rooms"][room]["events"])
}

#[tokio::test]
async fn sliding_sync_tells_it_in_parts() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    for number in 0..5 {
        alice.say_sticky(&room, &format!("member {number}"), 600_000).await;
    }
    let first = slide(&bob, None).await;
    assert_eq!(told(&first, &room), ["member 0", "member 1"]);
    let second = slide(&bob, first[EXTENSION]["next_batch"].as_str()).await;
    assert_eq!(told(&second, &room), ["member 2", "member 3"]);
    // The last one is in the timeline of the same answer.
    let third = slide(&bob, second[EXTENSION]["next_batch"].as_str()).await;
    assert!(told(&third, &room).is_empty(), "{third}");
    chatter(&alice, &room).await;
    let again = slide(&bob, second[EXTENSION]["next_batch"].as_str()).await;
    assert_eq!(told(&again, &room), ["member 4"]);
    let nothing = slide(&bob, again[EXTENSION]["next_batch"].as_str()).await;
    assert!(told(&nothing, &room).is_empty() && nothing[EXTENSION]["next_batch"].is_string(), "{nothing}");
    let bad = json!({"extensions": {EXTENSION: {"enabled": true, "since": "nonsense"}}});
    bob.post(SLIDING, bad).await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn a_delayed_event_is_sticky_from_when_it_is_sent() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    let query = "org.matrix.msc4140.delay=300&org.matrix.msc4354.sticky_duration_ms=600000";
    let path = format!("/rooms/{}/send/m.room.message/t?{query}", encode(&room));
    alice.put(&path, json!({"msgtype": "m.text", "body": "left the call"})).await.ok();
    eventually("it is sent", async || {
        let answer = bob.sync(None).await;
        let events = joined(&answer, &room)["timeline"]["events"].as_array().unwrap().clone();
        let sent = events.iter().find(|event| event["content"]["body"] == "left the call");
        sent.map(|event| assert_eq!(event["msc4354_sticky"]["duration_ms"], 600_000))
            .ok_or("not yet".to_owned())
    })
    .await;
    chatter(&alice, &room).await;
    assert_eq!(sticky(&filtered(&bob, &short(), None).await, &room), ["left the call"]);
}
