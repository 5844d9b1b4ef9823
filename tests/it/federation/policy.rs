//! Policy servers: nothing is said in their rooms that they have not signed.

use serde_json::{Value, json};

use super::shared::Shared;
use crate::harness::{POLICY_PATH, encode};

/// A room whose policy server is the peer's; it signs nothing with `spam` in it.
async fn policed() -> Shared {
    let shared = Shared::start().await;
    let content = shared.peer.begin_policing("spam");
    shared.alice.set_state(&shared.room, "m.room.policy", "", content).await.ok();
    assert!(asked(&shared).is_empty(), "nobody is asked about the choice of a policy server");
    shared
}

/// The events that the policy server was asked about so far.
fn asked(shared: &Shared) -> Vec<Value> {
    shared.peer.received(POLICY_PATH).into_iter().map(|request| request.body).collect()
}

/// Whether an event has the policy server's signature, as other servers get it.
async fn is_signed(shared: &Shared, event_id: &str) -> bool {
    let path = format!("/_matrix/federation/v1/event/{}", encode(event_id));
    let event = shared.get(&path).await.ok()["pdus"][0].take();
    event["signatures"][&shared.peer.name]["ed25519:policy_server"].is_string()
}

#[tokio::test]
async fn what_is_said_here_is_signed_or_refused() {
    let shared = policed().await;
    let (alice, room) = (&shared.alice, &shared.room);
    let event = alice.say(room, "hello").await;
    assert_eq!(asked(&shared).len(), 1);
    assert!(is_signed(&shared, &event).await);
    // The same again is another event; the same request is not.
    assert_ne!(alice.say(room, "hello").await, event);
    let path = format!("/rooms/{}/send/m.room.message/once", encode(room));
    let body = json!({"msgtype": "m.text", "body": "once"});
    let once = alice.put(&path, body.clone()).await.event_id();
    assert_eq!(alice.put(&path, body).await.event_id(), once);
    assert_eq!(asked(&shared).len(), 3);
    let refused =
        alice.send_event(room, "m.room.message", json!({"msgtype": "m.text", "body": "spam"})).await;
    refused.refused(403, "M_FORBIDDEN");
    alice.set_state(room, "m.room.topic", "", json!({"topic": "spam"})).await.refused(403, "M_FORBIDDEN");
    let topic = alice.set_state(room, "m.room.topic", "", json!({"topic": "tea"})).await.event_id();
    let redaction = alice.redact(room, &event, "r", json!({})).await.event_id();
    for event in [&topic, &redaction] {
        assert!(is_signed(&shared, event).await, "{event}");
    }
    assert_eq!(alice.texts(room).await, ["hello", "once"], "the first has been redacted");
    // The rules of the room come first.
    let count = asked(&shared).len();
    let carol = shared.server.register("carol").await;
    carol.send_event(room, "m.room.message", json!({"body": "let me in"})).await.refused(403, "M_FORBIDDEN");
    assert_eq!(asked(&shared).len(), count);
}

#[tokio::test]
async fn coming_and_going_are_signed_too() {
    let shared = policed().await;
    let (alice, room) = (&shared.alice, &shared.room);
    let (carol, dave) = (shared.server.register("carol").await, shared.server.register("dave").await);
    carol.join(room).await.ok();
    alice.invite(room, &dave).await.ok();
    alice.kick(room, &carol).await.ok();
    let said: Vec<_> = asked(&shared).iter().map(|event| event["content"]["membership"].clone()).collect();
    assert_eq!(said, ["join", "invite", "leave"]);
    for user in [&carol, &dave] {
        let event = shared.state_event("m.room.member", &user.id).await["event_id"].clone();
        assert!(is_signed(&shared, event.as_str().unwrap()).await, "{}", user.id);
    }
    // Somebody of another server comes; this server asks before it tells the others.
    shared.stranger.join(&shared.server, room, &shared.stranger.user("eve")).await;
    let event = shared.state_event("m.room.member", &shared.stranger.user("eve")).await["event_id"].clone();
    assert!(is_signed(&shared, event.as_str().unwrap()).await);
}

#[tokio::test]
async fn what_others_say_is_shown_once_it_is_signed() {
    let shared = policed().await;
    let (peer, server, room) = (&shared.peer, &shared.server, &shared.room);
    let (good, event) = peer.message(server, room, &shared.bob, "good").await;
    let (spam, bad) = peer.message(server, room, &shared.bob, "spam").await;
    peer.send(server, "1", &[event, bad]).await.ok();
    assert_eq!(asked(&shared).len(), 2);
    assert_eq!(shared.alice.event(room, &good).await.ok()["content"]["body"], "good");
    shared.alice.event(room, &spam).await.refused(404, "M_NOT_FOUND");
    assert_eq!(shared.alice.texts(room).await, ["good"]);
    assert!(is_signed(&shared, &good).await, "the signature is kept");
}

#[tokio::test]
async fn a_policy_server_that_fails_or_is_not_there() {
    let shared = policed().await;
    let (alice, room) = (&shared.alice, &shared.room);
    let message = json!({"msgtype": "m.text", "body": "hello"});
    shared.peer.answer(POLICY_PATH, |_| (500, json!({"errcode": "M_UNKNOWN", "error": "broken"})));
    alice.send_event(room, "m.room.message", message.clone()).await.refused(502, "M_UNKNOWN");
    let forged = json!({&shared.peer.name: {"ed25519:policy_server": "c2lnbmF0dXJl"}});
    shared.peer.answer(POLICY_PATH, move |_| (200, forged.clone()));
    alice.send_event(room, "m.room.message", message).await.refused(502, "M_UNKNOWN");
    assert_eq!(asked(&shared).len(), 2, "each is asked about once");
    // Whoever has the power does without it.
    alice.set_state(room, "m.room.policy", "", json!({})).await.ok();
    alice.say(room, "free").await;
    // A server that is not in the room has no say.
    let elsewhere = shared.stranger.begin_policing("free");
    alice.set_state(room, "m.room.policy", "", elsewhere).await.ok();
    alice.say(room, "free again").await;
    assert!(shared.stranger.received(POLICY_PATH).is_empty());
    assert_eq!(asked(&shared).len(), 2);
}
