//! `GET /_matrix/federation/v1/backfill/{roomId}`

use serde_json::json;

use crate::{
    federation::shared::{Shared, refuses_outsiders},
    harness::{encode, event_id},
};

#[tokio::test]
async fn events_come_with_what_came_before_them_needs_joining() {
    let shared = Shared::start().await;
    let mut events = Vec::new();
    for number in 0..5 {
        events.push(shared.alice.say(&shared.room, &format!("message {number}")).await);
    }
    let path = format!("/_matrix/federation/v1/backfill/{}", shared.room_part());
    let backfill = async |query: String| {
        let answer = shared.get(&format!("{path}?{query}")).await.ok();
        assert_eq!(answer["origin"], shared.server.name.as_str());
        answer["pdus"].as_array().unwrap().iter().map(event_id).collect::<Vec<_>>()
    };
    let last = encode(&events[4]);
    // The events that are named count too, and the newest come first.
    assert_eq!(
        backfill(format!("v={last}&limit=3")).await,
        [&events[4], &events[3], &events[2]].map(Clone::clone)
    );
    let two = backfill(format!("v={}&v={}&limit=3", encode(&events[1]), encode(&events[2]))).await;
    assert_eq!(two, [&events[2], &events[1], &events[0]].map(Clone::clone));
    let all = backfill(format!("v={last}&limit=1000")).await;
    assert_eq!(
        all.last().unwrap(),
        shared.state_event("m.room.create", "").await["event_id"].as_str().unwrap()
    );
    assert_eq!(backfill("v=%24unknown&limit=10".to_owned()).await, [] as [String; 0]);
}

#[tokio::test]
async fn an_answer_has_a_limit_needs_joining() {
    let shared = Shared::start().await;
    let mut last = String::new();
    for number in 0..110 {
        last = shared.alice.say(&shared.room, &format!("message {number}")).await;
    }
    let path = format!("/_matrix/federation/v1/backfill/{}?v={}", shared.room_part(), encode(&last));
    let answer = shared.get(&format!("{path}&limit=100000")).await.ok();
    assert_eq!(answer["pdus"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn only_servers_in_the_room_get_it_needs_joining() {
    let shared = Shared::start().await;
    let message = shared.alice.say(&shared.room, "hello").await;
    let path = format!("/_matrix/federation/v1/backfill/{}?v={}", shared.room_part(), encode(&message));
    shared.get(&path).await.refused(400, "M_MISSING_PARAM");
    let answer = shared.get(&format!("{path}&limit=many")).await;
    assert_eq!(answer.status, 400);
    shared.guards("GET", &format!("{path}&limit=10"), None, (403, "M_FORBIDDEN")).await;
}

#[tokio::test]
async fn what_a_servers_users_may_not_see_comes_without_its_content_needs_joining() {
    let shared = Shared::start().await;
    let visibility = json!([
        {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}}
    ]);
    let room = shared.alice.create_room(json!({"preset": "public_chat", "initial_state": visibility})).await;
    let hidden = shared.alice.say(&room, "hidden").await;
    shared.peer.join(&shared.server, &room, &shared.bob).await;
    let shown = shared.alice.say(&room, "shown").await;
    let path = format!("/_matrix/federation/v1/backfill/{}?limit=3&v={}", encode(&room), encode(&shown));
    let answer = shared.get(&path).await.ok();
    let events = answer["pdus"].as_array().unwrap();
    assert_eq!((event_id(&events[0]), &events[0]["content"]["body"]), (shown, &json!("shown")));
    assert_eq!((event_id(&events[2]), &events[2]["content"]), (hidden, &json!({})));
}

#[tokio::test]
async fn servers_outside_of_the_room_are_refused() {
    refuses_outsiders(
        "GET",
        |_| None,
        (403, "M_FORBIDDEN"),
        |room, event| format!("/_matrix/federation/v1/backfill/{room}?v={event}&limit=10"),
    )
    .await;
}
