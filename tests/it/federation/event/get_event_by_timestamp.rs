//! `GET /_matrix/federation/v1/timestamp_to_event/{roomId}`

use serde_json::json;

use crate::{
    federation::shared::{Shared, refuses_outsiders},
    harness::{encode, event_id},
};

#[tokio::test]
async fn the_closest_event_is_found_needs_joining() {
    let shared = Shared::start().await;
    let first = shared.alice.say(&shared.room, "first").await;
    let second = shared.alice.say(&shared.room, "second").await;
    let times = [&first, &second].map(|event| event.clone());
    let mut stamps = Vec::new();
    for event in times {
        stamps
            .push(shared.alice.event(&shared.room, &event).await.ok()["origin_server_ts"].as_u64().unwrap());
    }
    let path = format!("/_matrix/federation/v1/timestamp_to_event/{}", shared.room_part());
    let answer = shared.get(&format!("{path}?dir=b&ts={}", stamps[1] + 1000)).await.ok();
    assert_eq!(answer, json!({"event_id": second, "origin_server_ts": stamps[1]}));
    let answer = shared.get(&format!("{path}?dir=f&ts=0")).await.ok();
    assert_eq!(answer["event_id"], shared.state_event("m.room.create", "").await["event_id"]);
    shared.get(&format!("{path}?dir=f&ts={}", stamps[1] + 10_000)).await.refused(404, "M_NOT_FOUND");
    for query in ["dir=f", "ts=1", "dir=x&ts=1", "dir=f&ts=soon"] {
        let answer = shared.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        answer.is_sound();
    }
}

#[tokio::test]
async fn only_servers_in_the_room_get_it_needs_joining() {
    let shared = Shared::start().await;
    let path = format!("/_matrix/federation/v1/timestamp_to_event/{}?dir=f&ts=1", shared.room_part());
    shared.guards("GET", &path, None, (403, "M_FORBIDDEN")).await;
}

#[tokio::test]
async fn what_a_servers_users_may_not_see_is_passed_over_needs_joining() {
    let visibility = json!([
        {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}}
    ]);
    let shared = Shared::start().await;
    let room = shared.alice.create_room(json!({"preset": "public_chat", "initial_state": visibility})).await;
    let hidden = shared.alice.say(&room, "hidden").await;
    let join = shared.peer.join(&shared.server, &room, &shared.bob).await;
    let time = shared.alice.event(&room, &hidden).await.ok()["origin_server_ts"].as_u64().unwrap();
    let path = format!("/_matrix/federation/v1/timestamp_to_event/{}?dir=f&ts={time}", encode(&room));
    // The first that they may see is their own coming.
    assert_eq!(shared.get(&path).await.ok()["event_id"], event_id(&join["event"]));
}

#[tokio::test]
async fn servers_outside_of_the_room_are_refused() {
    refuses_outsiders(
        "GET",
        |_| None,
        (403, "M_FORBIDDEN"),
        |room, _| format!("/_matrix/federation/v1/timestamp_to_event/{room}?dir=f&ts=1"),
    )
    .await;
}
