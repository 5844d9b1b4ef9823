//! `GET /_synapse/admin/v1/rooms/{roomId}/context/{eventId}`

use super::{only_administrators, path, start};
use crate::harness::{bodies, encode};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| path(room, "/context/$event"), None).await;
}

#[tokio::test]
async fn an_event_is_shown_with_its_surroundings() {
    let (_server, admin, alice, room) = start().await;
    alice.say(&room, "before").await;
    let event = alice.say(&room, "the one").await;
    alice.say(&room, "after").await;
    let below = format!("/context/{}", encode(&event));
    let context = admin.get(&path(&room, &format!("{below}?limit=2"))).await.ok();
    assert_eq!(context["event"]["content"]["body"], "the one");
    assert_eq!(bodies(&context["events_before"]), ["before"]);
    assert_eq!(bodies(&context["events_after"]), ["after"]);
    assert!(context["state"].as_array().is_some_and(|state| !state.is_empty()), "{context}");
    admin.get(&path(&room, "/context/$unknown")).await.refused(404, "M_NOT_FOUND");
    admin.get(&path(&room, &format!("{below}?limit=x"))).await.refused(400, "M_INVALID_PARAM");
}
