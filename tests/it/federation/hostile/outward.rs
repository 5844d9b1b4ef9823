//! What may be said here at its limits goes out, and holds nothing up that comes after it.

use serde_json::{Value, json};

use crate::{
    federation::shared::Shared,
    harness::{Peer, encode, eventually},
};

const SEND: &str = "/_matrix/federation/v1/send/";

/// An object so many levels deep.
fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| json!({"a": inner}))
}

/// Waits until the peer has been sent something of which this is true.
async fn gets(peer: &Peer, what: &str, is_it: impl Fn(&Value) -> bool) {
    eventually(what, async || {
        let received = peer.received(SEND);
        let mut units = received
            .iter()
            .flat_map(|request| ["pdus", "edus"].map(|kind| request.body[kind].as_array()))
            .flatten()
            .flatten();
        if units.any(&is_it) { Ok(()) } else { Err(format!("{} transactions", received.len())) }
    })
    .await;
}

async fn listening() -> Shared {
    let shared = Shared::start().await;
    shared.peer.answer(SEND, |_| (200, json!({"pdus": {}})));
    shared
}

#[tokio::test]
async fn the_deepest_event_arrives_and_a_deeper_one_is_never_made() {
    let shared = listening().await;
    let (alice, room) = (&shared.alice, &shared.room);
    alice.send_event(room, "org.example.deep", nested(99)).await.ok();
    alice.send_event(room, "org.example.deeper", nested(100)).await.refused(400, "M_BAD_JSON");
    alice.say(room, "after it").await;
    gets(&shared.peer, "the deep event", |event| event["type"] == "org.example.deep").await;
    gets(&shared.peer, "what follows", |event| event["content"]["body"] == "after it").await;
    let sent = shared.peer.received(SEND);
    assert!(!sent.iter().any(|request| request.body.to_string().contains("org.example.deeper")));
    // What is as deep also comes in, and can be taken away again.
    let (event_id, event) =
        shared.peer.draft(&shared.server, room, &shared.bob, "org.example.deep", None, nested(99)).await;
    shared.peer.send(&shared.server, "deep", &[event]).await.ok();
    alice.sees(room, &event_id).await;
    alice.redact(room, &event_id, "once", json!({})).await.ok();
    assert_eq!(alice.sees(room, &event_id).await["content"], json!({}));
}

#[tokio::test]
async fn the_deepest_message_to_a_device_arrives() {
    let shared = listening().await;
    let path = "/sendToDevice/org.example.deep/once";
    let messages = |levels: usize| json!({"messages": {&shared.bob: {"DEVICE": nested(levels)}}});
    shared.alice.put(path, messages(97)).await.ok();
    let refused = shared.alice.put(&path.replace("once", "twice"), messages(98)).await;
    refused.refused(400, "M_BAD_JSON");
    shared.alice.say(&shared.room, "after it").await;
    gets(&shared.peer, "the message", |edu| edu["content"]["type"] == "org.example.deep").await;
    gets(&shared.peer, "what follows", |event| event["content"]["body"] == "after it").await;
}

#[tokio::test]
async fn the_largest_event_arrives() {
    let shared = listening().await;
    let (alice, room) = (&shared.alice, &shared.room);
    // Texts that grow when they are written: as much as fits, found by trying.
    let body = |count: usize| json!({"msgtype": "m.text", "body": "\u{1}\"\\".repeat(count)});
    let (mut fits, mut too_many) = (1_000, 10_000);
    while too_many - fits > 1 {
        let count = (fits + too_many) / 2;
        let answer = alice.send_event(room, "m.room.message", body(count)).await;
        if answer.status == 200 {
            fits = count;
        } else {
            answer.refused(413, "M_TOO_LARGE");
            too_many = count;
        }
    }
    let event_id = alice.send_event(room, "m.room.message", body(fits)).await.event_id();
    alice.say(room, "after it").await;
    gets(&shared.peer, "what follows", |event| event["content"]["body"] == "after it").await;
    let text = body(fits)["body"].clone();
    gets(&shared.peer, "the large event", |event| event["content"]["body"] == text).await;
    let path = format!("/_matrix/federation/v1/event/{}", encode(&event_id));
    assert_eq!(shared.get(&path).await.ok()["pdus"][0]["content"]["body"], text);
}
