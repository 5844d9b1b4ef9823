//! `GET /_matrix/client/v3/sync`

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{filtered, is_quiet, joined, next, timeline};
use crate::harness::{Server, bodies, event_ids, find_state, list, state_content, two_in_a_room, types};

#[tokio::test]
async fn the_first_answer_tells_how_things_are() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let empty = server.register("carol").await.sync(None).await;
    assert!(is_quiet(&empty), "{empty}");
    alice.set_state(&room, "m.room.name", "", json!({"name": "Tea"})).await.ok();
    for number in 0..15 {
        alice.say(&room, &format!("{number}")).await;
    }
    let answer = bob.sync(None).await;
    let told = joined(&answer, &room);
    // Ten events, of which the newest comes last.
    let expected: Vec<String> = (5..15).map(|number| number.to_string()).collect();
    assert_eq!(bodies(&told["timeline"]["events"]), expected);
    assert_eq!(told["timeline"]["limited"], true);
    assert!(told["timeline"]["prev_batch"].is_string());
    // The room's id need not be said again.
    assert!(list(&told["timeline"]["events"]).iter().all(|event| event.get("room_id").is_none()), "{told}");
    let state = &told["state"]["events"];
    assert_eq!(state_content(state, "m.room.name", "")["name"], "Tea");
    for user in [&alice, &bob] {
        assert_eq!(state_content(state, "m.room.member", &user.id)["membership"], "join");
    }
    for kind in ["m.room.create", "m.room.power_levels", "m.room.join_rules", "m.room.history_visibility"] {
        assert!(find_state(state, kind, "").is_some(), "{kind}");
    }
    assert_eq!(
        types(state).len(),
        types(state)
            .into_iter()
            .zip(list(state))
            .map(|(kind, event)| (kind, event["state_key"].to_string()))
            .collect::<HashSet<_>>()
            .len()
    );
    assert_eq!(told["unread_notifications"]["notification_count"], 15);
    // A small room comes whole: what the timeline tells, the state does not.
    let whole = filtered(&bob, &json!({"room": {"timeline": {"limit": 100}}}), None).await;
    let told = joined(&whole, &room);
    assert_eq!((&told["timeline"]["limited"], &told["state"]["events"]), (&json!(false), &json!([])));
    assert_eq!(types(&told["timeline"]["events"])[0], "m.room.create");
}

#[tokio::test]
async fn one_answer_after_the_other_tells_everything_once() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let mut since = bob.now().await;
    let (mut told, mut sent) = (Vec::new(), Vec::new());
    for round in 0..12 {
        for number in 0..round % 4 {
            sent.push(alice.say(&room, &format!("{round} {number}")).await);
        }
        if round % 5 == 0 {
            let topic = json!({"topic": format!("{round}")});
            sent.push(alice.set_state(&room, "m.room.topic", "", topic).await.event_id());
        }
        let answer = bob.sync(Some(&since)).await;
        if !is_quiet(&answer) {
            assert_eq!(joined(&answer, &room)["timeline"]["limited"], false);
            assert_eq!(joined(&answer, &room)["state"]["events"], json!([]));
            told.extend(event_ids(timeline(&answer, &room)).into_iter().map(str::to_owned));
        }
        since = next(&answer).to_owned();
    }
    assert_eq!(told, sent);
    let quiet = bob.sync(Some(&since)).await;
    assert!(is_quiet(&quiet), "{quiet}");
    // Tokens outlive the server, and asking again gives the same again.
    let (last, before) = (alice.say(&room, "last").await, since.clone());
    let server = server.crash_and_restart().await;
    let bob = bob.on(&server);
    for _ in 0..2 {
        let answer = bob.sync(Some(&before)).await;
        assert_eq!(event_ids(timeline(&answer, &room)), [&*last]);
    }
}

#[tokio::test]
async fn ones_own_messages_come_back() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    let since = alice.now().await;
    let event = alice.say(&room, "echo").await;
    let answer = alice.sync(Some(&since)).await;
    assert_eq!(event_ids(timeline(&answer, &room)), [&*event]);
    // Who wrote has read what came before.
    assert_eq!(joined(&answer, &room)["unread_notifications"]["notification_count"], 0);
}

#[tokio::test]
async fn the_whole_state_can_be_had_again() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let quiet_room = bob.create_room(json!({"name": "Quiet"})).await;
    let since = bob.now().await;
    alice.say(&room, "news").await;
    let answer = bob.sync_with(&format!("since={since}&full_state=true")).await;
    let told = joined(&answer, &room);
    assert_eq!(bodies(&told["timeline"]["events"]), ["news"]);
    assert!(find_state(&told["state"]["events"], "m.room.create", "").is_some());
    assert_eq!(state_content(&told["state"]["events"], "m.room.member", &alice.id)["membership"], "join");
    let quiet = joined(&answer, &quiet_room);
    assert_eq!(state_content(&quiet["state"]["events"], "m.room.name", "")["name"], "Quiet");
    assert_eq!(quiet["timeline"]["events"], json!([]));
    assert!(is_quiet(&bob.sync_with(&format!("since={}&full_state=false", next(&answer))).await));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    for query in [
        "since=nonsense",
        "since=s1_0",
        "timeout=soon",
        "timeout=-1",
        "set_presence=asleep",
        "filter=nonsense",
        "filter=%7B",
        "filter=%7B%22room%22%3A5%7D",
        "filter=12345",
    ] {
        let answer = alice.get(&format!("/sync?{query}")).await;
        answer.is_sound();
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    // Somebody else's stored filter is none of one's own.
    let stored = bob.post(&format!("/user/{}/filter", bob.id), json!({})).await.ok();
    let id: &Value = &stored["filter_id"];
    bob.get(&format!("/sync?timeout=0&filter={}", id.as_str().unwrap())).await.ok();
    server.anonymous("GET", "/_matrix/client/v3/sync", None).await.refused(401, "M_MISSING_TOKEN");
}
