//! `GET /_matrix/client/v3/rooms/{roomId}/state`

use std::collections::HashSet;

use serde_json::json;

use crate::harness::{encode, list, state_content, two_in_a_room};

#[tokio::test]
async fn the_whole_state_is_read_once_each() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let path = format!("/rooms/{}/state", encode(&room));
    for number in 0..40 {
        let key = format!("{}", number % 20);
        alice.set_state(&room, "org.example.key", &key, json!({"n": number})).await.ok();
    }
    let state = bob.get(&path).await.ok();
    let keys: Vec<(&str, &str)> = list(&state)
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["state_key"].as_str().unwrap()))
        .collect();
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "{keys:?}");
    assert_eq!(keys.iter().filter(|(kind, _)| *kind == "org.example.key").count(), 20);
    for number in 20..40 {
        assert_eq!(state_content(&state, "org.example.key", &format!("{}", number % 20))["n"], number);
    }
    for user in [&alice, &bob] {
        assert_eq!(state_content(&state, "m.room.member", &user.id)["membership"], "join");
    }
    assert!(list(&state).iter().all(|event| event["room_id"] == *room && event["event_id"].is_string()));

    let carol = server.register("carol").await;
    carol.get(&path).await.refused(403, "M_FORBIDDEN");
    carol.get("/rooms/!nowhere:localhost/state").await.refused(403, "M_FORBIDDEN");
    carol.get("/rooms/nonsense/state").await.refused(400, "M_INVALID_PARAM");
    server.anonymous("GET", &format!("/_matrix/client/v3{path}"), None).await.refused(401, "M_MISSING_TOKEN");
    bob.leave(&room).await.ok();
    alice.set_state(&room, "org.example.key", "0", json!({"n": 99})).await.ok();
    alice.set_state(&room, "org.example.new", "", json!({})).await.ok();
    let left = bob.get(&path).await.ok();
    assert_eq!(list(&left).len(), keys.len());
    assert_eq!(state_content(&left, "org.example.key", "0")["n"], 20);
    assert_eq!(state_content(&left, "m.room.member", &bob.id)["membership"], "leave");
    // The state of a room survives its server.
    let server = server.crash_and_restart().await;
    assert_eq!(list(&alice.on(&server).get(&path).await.ok()).len(), keys.len() + 1);
}
