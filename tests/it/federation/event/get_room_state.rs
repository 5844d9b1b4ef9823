//! `GET /_matrix/federation/v1/state/{roomId}`

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    federation::shared::{Shared, refuses_outsiders},
    harness::{encode, event_id},
};

fn content<'a>(state: &'a Value, kind: &str, key: &str) -> Option<&'a Value> {
    let events = state["pdus"].as_array().unwrap().iter();
    events
        .filter(|event| event["type"] == kind && event["state_key"] == key)
        .map(|event| &event["content"])
        .next()
}

#[tokio::test]
async fn the_state_is_that_before_the_event_needs_joining() {
    for version in ["11", "12"] {
        let shared = Shared::start_with(json!({"preset": "public_chat", "room_version": version})).await;
        let topic = |text: &str| json!({"topic": text});
        let set = async |text: &str| {
            let answer = shared.alice.set_state(&shared.room, "m.room.topic", "", topic(text)).await;
            answer.event_id()
        };
        let (first, second) = (set("first").await, set("second").await);
        let state_at = async |event: &str| {
            let path =
                format!("/_matrix/federation/v1/state/{}?event_id={}", shared.room_part(), encode(event));
            shared.get(&path).await.ok()
        };
        assert_eq!(content(&state_at(&first).await, "m.room.topic", ""), None);
        let state = state_at(&second).await;
        assert_eq!(content(&state, "m.room.topic", "").unwrap()["topic"], "first");
        assert_eq!(content(&state, "m.room.member", &shared.bob).unwrap()["membership"], "join");
        // Together the two lists hold everything that anything in them rests on.
        let events = ["pdus", "auth_chain"].map(|list| state[list].as_array().unwrap());
        let ids: BTreeSet<String> = events.iter().flat_map(|list| list.iter().map(event_id)).collect();
        for event in events.into_iter().flatten() {
            for auth in event["auth_events"].as_array().unwrap() {
                assert!(ids.contains(auth.as_str().unwrap()), "{auth} is missing");
            }
        }
        let chain: BTreeSet<&str> = state["auth_chain"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["type"].as_str().unwrap())
            .collect();
        assert!(chain.contains("m.room.create"), "version {version}");
    }
}

#[tokio::test]
async fn only_servers_in_the_room_get_it_needs_joining() {
    let shared = Shared::start().await;
    let path = |event: &str| {
        format!("/_matrix/federation/v1/state/{}?event_id={}", shared.room_part(), encode(event))
    };
    shared.get(&path("$unknown")).await.refused(404, "M_NOT_FOUND");
    let other = shared.alice.create_room(json!({})).await;
    let secret = shared.alice.say(&other, "secret").await;
    shared.get(&path(&secret)).await.refused(404, "M_NOT_FOUND");
    let without = format!("/_matrix/federation/v1/state/{}", shared.room_part());
    shared.get(&without).await.refused(400, "M_MISSING_PARAM");
    let message = shared.alice.say(&shared.room, "hello").await;
    shared.guards("GET", &path(&message), None, (403, "M_FORBIDDEN")).await;
}

#[tokio::test]
async fn servers_outside_of_the_room_are_refused() {
    refuses_outsiders(
        "GET",
        |_| None,
        (403, "M_FORBIDDEN"),
        |room, event| format!("/_matrix/federation/v1/state/{room}?event_id={event}"),
    )
    .await;
}
