//! `GET /_matrix/federation/v1/event/{eventId}`

use serde_json::json;

use crate::{
    federation::shared::{Shared, refuses_outsiders},
    harness::{encode, event_id},
};

#[tokio::test]
async fn an_event_comes_as_it_was_signed_needs_joining() {
    let shared = Shared::start().await;
    let message = shared.alice.say(&shared.room, "hello").await;
    let answer = shared.get(&format!("/_matrix/federation/v1/event/{}", encode(&message))).await.ok();
    assert_eq!(answer["origin"], shared.server.name.as_str());
    assert!(answer["origin_server_ts"].is_u64());
    let events = answer["pdus"].as_array().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(event_id(&events[0]), message);
    assert_eq!(events[0]["content"]["body"], "hello");
    assert!(events[0]["signatures"][&shared.server.name].is_object());
}

#[tokio::test]
async fn only_servers_in_the_room_get_it_needs_joining() {
    let shared = Shared::start().await;
    shared.get("/_matrix/federation/v1/event/%24unknown").await.refused(404, "M_NOT_FOUND");
    let message = shared.alice.say(&shared.room, "hello").await;
    let path = format!("/_matrix/federation/v1/event/{}", encode(&message));
    // Whether there is such an event is not told to those who are not in its room.
    shared.guards("GET", &path, None, (404, "M_NOT_FOUND")).await;
}

#[tokio::test]
async fn what_a_servers_users_may_not_see_comes_without_its_content_needs_joining() {
    let visibility = |word: &str| json!([{"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": word}}]);
    for (word, seen) in [("joined", false), ("invited", false), ("shared", true), ("world_readable", true)] {
        let options = json!({"preset": "public_chat", "initial_state": visibility(word)});
        let shared = Shared::start_with(options).await;
        let carol = shared.server.register("carol").await;
        let room =
            carol.create_room(json!({"preset": "public_chat", "initial_state": visibility(word)})).await;
        let before = carol.say(&room, "before").await;
        shared.peer.join(&shared.server, &room, &shared.bob).await;
        let after = carol.say(&room, "after").await;
        let content = async |event: &str| {
            let path = format!("/_matrix/federation/v1/event/{}", encode(event));
            let event = shared.get(&path).await.ok()["pdus"][0].take();
            (event_id(&event), event["content"]["body"].clone())
        };
        let expected = if seen { json!("before") } else { json!(null) };
        // It is the same event, whether its content is there or not.
        assert_eq!(content(&before).await, (before.clone(), expected), "{word}");
        assert_eq!(content(&after).await, (after.clone(), json!("after")), "{word}");
    }
}

#[tokio::test]
async fn servers_outside_of_the_room_are_refused() {
    refuses_outsiders(
        "GET",
        |_| None,
        (404, "M_NOT_FOUND"),
        |_, event| format!("/_matrix/federation/v1/event/{event}"),
    )
    .await;
}
