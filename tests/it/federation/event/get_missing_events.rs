//! `POST /_matrix/federation/v1/get_missing_events/{roomId}`

use serde_json::{Value, json};

use crate::{
    federation::shared::{Shared, refuses_outsiders},
    harness::event_id,
};

async fn missing(shared: &Shared, body: Value) -> Vec<String> {
    let path = format!("/_matrix/federation/v1/get_missing_events/{}", shared.room_part());
    let answer = shared.peer.ask(&shared.server, "POST", &path, Some(body)).await.ok();
    answer["events"].as_array().unwrap().iter().map(event_id).collect()
}

#[tokio::test]
async fn what_lies_between_comes_oldest_first_needs_joining() {
    let shared = Shared::start().await;
    let mut events = Vec::new();
    for number in 0..6 {
        events.push(shared.alice.say(&shared.room, &format!("message {number}")).await);
    }
    let between =
        |limit: u32| json!({"earliest_events": [events[0]], "latest_events": [events[5]], "limit": limit});
    assert_eq!(missing(&shared, between(10)).await, events[1..5]);
    // A limit cuts off what is farthest from what follows.
    assert_eq!(missing(&shared, between(2)).await, events[3..5]);
    assert_eq!(missing(&shared, between(0)).await, [] as [String; 0]);
    let event = shared
        .get(&format!("/_matrix/federation/v1/event/{}", crate::harness::encode(&events[3])))
        .await
        .ok();
    let mut deep = between(10);
    deep["min_depth"] = event["pdus"][0]["depth"].clone();
    assert_eq!(missing(&shared, deep).await, events[3..5]);
    assert_eq!(
        missing(&shared, json!({"earliest_events": [], "latest_events": ["$unknown"]})).await,
        [] as [String; 0]
    );
    // Without another word, ten.
    let all = missing(&shared, json!({"earliest_events": [], "latest_events": [events[5]]})).await;
    assert_eq!(all.len(), 10);
    assert_eq!(all[5..], events[..5]);
}

#[tokio::test]
async fn only_servers_in_the_room_get_it_needs_joining() {
    let shared = Shared::start().await;
    let message = shared.alice.say(&shared.room, "hello").await;
    let path = format!("/_matrix/federation/v1/get_missing_events/{}", shared.room_part());
    for bad in
        [json!({}), json!({"earliest_events": [7], "latest_events": []}), json!({"earliest_events": []})]
    {
        let answer = shared.peer.ask(&shared.server, "POST", &path, Some(bad)).await;
        answer.refused(400, "M_BAD_JSON");
    }
    let body = json!({"earliest_events": [], "latest_events": [message]});
    shared.guards("POST", &path, Some(body), (403, "M_FORBIDDEN")).await;
}

#[tokio::test]
async fn who_was_put_out_can_ask_what_came_before_needs_joining() {
    let shared = Shared::start().await;
    let message = shared.alice.say(&shared.room, "hello").await;
    let whom = json!({"user_id": shared.bob});
    shared.alice.post(&format!("/rooms/{}/ban", shared.room_part()), whom).await.ok();
    let ban = shared.state_event("m.room.member", &shared.bob).await["event_id"].as_str().unwrap().to_owned();
    let before = missing(&shared, json!({"earliest_events": [], "latest_events": [ban], "limit": 1})).await;
    assert_eq!(before, [message]);
    let later = shared.alice.say(&shared.room, "without bob").await;
    let path = format!("/_matrix/federation/v1/get_missing_events/{}", shared.room_part());
    let body = json!({"earliest_events": [], "latest_events": [later]});
    shared.peer.ask(&shared.server, "POST", &path, Some(body)).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_a_servers_users_may_not_see_comes_without_its_content_needs_joining() {
    let visibility = json!([
        {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}}
    ]);
    let shared = Shared::start().await;
    let room = shared.alice.create_room(json!({"preset": "public_chat", "initial_state": visibility})).await;
    let hidden = shared.alice.say(&room, "hidden").await;
    shared.peer.join(&shared.server, &room, &shared.bob).await;
    let shown = shared.alice.say(&room, "shown").await;
    let last = shared.alice.say(&room, "last").await;
    let path = format!("/_matrix/federation/v1/get_missing_events/{}", crate::harness::encode(&room));
    let body = json!({"earliest_events": [], "latest_events": [last], "limit": 3});
    let events = shared.peer.ask(&shared.server, "POST", &path, Some(body)).await.ok()["events"].take();
    let found: Vec<(String, &Value)> =
        events.as_array().unwrap().iter().map(|event| (event_id(event), &event["content"])).collect();
    assert_eq!((found[0].0.as_str(), found[0].1), (hidden.as_str(), &json!({})));
    assert_eq!(found[1].1["membership"], "join");
    assert_eq!((found[2].0.as_str(), &found[2].1["body"]), (shown.as_str(), &json!("shown")));
}

#[tokio::test]
async fn servers_outside_of_the_room_are_refused() {
    refuses_outsiders(
        "POST",
        |event| Some(json!({"earliest_events": [], "latest_events": [event]})),
        (403, "M_FORBIDDEN"),
        |room, _| format!("/_matrix/federation/v1/get_missing_events/{room}"),
    )
    .await;
}
