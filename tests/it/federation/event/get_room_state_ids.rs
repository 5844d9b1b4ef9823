//! `GET /_matrix/federation/v1/state_ids/{roomId}`

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    federation::shared::{Shared, refuses_outsiders},
    harness::{encode, event_id},
};

#[tokio::test]
async fn the_names_are_those_of_the_state_needs_joining() {
    let shared = Shared::start().await;
    let message = shared.alice.say(&shared.room, "hello").await;
    let query = format!("{}?event_id={}", shared.room_part(), encode(&message));
    let whole = shared.get(&format!("/_matrix/federation/v1/state/{query}")).await.ok();
    let names = shared.get(&format!("/_matrix/federation/v1/state_ids/{query}")).await.ok();
    let of_events =
        |list: &Value| -> BTreeSet<String> { list.as_array().unwrap().iter().map(event_id).collect() };
    let of_names = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of_names(&names["pdu_ids"]), of_events(&whole["pdus"]));
    assert_eq!(of_names(&names["auth_chain_ids"]), of_events(&whole["auth_chain"]));
    assert!(!of_names(&names["auth_chain_ids"]).is_empty());
}

#[tokio::test]
async fn only_servers_in_the_room_get_it_needs_joining() {
    let shared = Shared::start().await;
    let path = |event: &str| {
        format!("/_matrix/federation/v1/state_ids/{}?event_id={}", shared.room_part(), encode(event))
    };
    shared.get(&path("$unknown")).await.refused(404, "M_NOT_FOUND");
    let without = format!("/_matrix/federation/v1/state_ids/{}", shared.room_part());
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
        |room, event| format!("/_matrix/federation/v1/state_ids/{room}?event_id={event}"),
    )
    .await;
}
