//! `GET /_matrix/federation/v1/event_auth/{roomId}/{eventId}`

use serde_json::json;

use crate::{
    federation::shared::{Shared, refuses_outsiders},
    harness::{encode, event_id},
};

#[tokio::test]
async fn the_chain_leads_back_to_the_start_of_the_room_needs_joining() {
    for version in ["11", "12"] {
        let shared = Shared::start_with(json!({"preset": "public_chat", "room_version": version})).await;
        let message = shared.alice.say(&shared.room, "hello").await;
        let path = format!("/_matrix/federation/v1/event_auth/{}/{}", shared.room_part(), encode(&message));
        let answer = shared.get(&path).await.ok();
        let chain = answer["auth_chain"].as_array().unwrap();
        let mut types: Vec<&str> = chain.iter().map(|event| event["type"].as_str().unwrap()).collect();
        types.sort_unstable();
        assert_eq!(types, ["m.room.create", "m.room.member", "m.room.power_levels"], "version {version}");
        // Everything that an event of the chain rests on is in the chain.
        let ids: Vec<String> = chain.iter().map(event_id).collect();
        for event in chain {
            for auth in event["auth_events"].as_array().unwrap() {
                assert!(ids.contains(&auth.as_str().unwrap().to_owned()), "{auth} is missing");
            }
        }
    }
}

#[tokio::test]
async fn only_servers_in_the_room_get_it_needs_joining() {
    let shared = Shared::start().await;
    let unknown = format!("/_matrix/federation/v1/event_auth/{}/%24unknown", shared.room_part());
    shared.get(&unknown).await.refused(404, "M_NOT_FOUND");
    // An event of another room is none of this one.
    let other = shared.alice.create_room(json!({})).await;
    let secret = shared.alice.say(&other, "secret").await;
    let path = format!("/_matrix/federation/v1/event_auth/{}/{}", shared.room_part(), encode(&secret));
    shared.get(&path).await.refused(404, "M_NOT_FOUND");
    let message = shared.alice.say(&shared.room, "hello").await;
    let path = format!("/_matrix/federation/v1/event_auth/{}/{}", shared.room_part(), encode(&message));
    shared.guards("GET", &path, None, (403, "M_FORBIDDEN")).await;
}

#[tokio::test]
async fn servers_outside_of_the_room_are_refused() {
    refuses_outsiders(
        "GET",
        |_| None,
        (403, "M_FORBIDDEN"),
        |room, event| format!("/_matrix/federation/v1/event_auth/{room}/{event}"),
    )
    .await;
}
