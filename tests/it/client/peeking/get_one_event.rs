//! `GET /_matrix/client/v3/events/{eventId}`

use super::room_to_look_into;
use crate::harness::{encode, two_in_a_room};

#[tokio::test]
async fn one_event_is_given_to_those_who_may_see_it() {
    let (server, alice, bob, room) = room_to_look_into().await;
    let event = alice.say(&room, "hello").await;
    let path = format!("/events/{}", encode(&event));
    let shown = bob.get(&path).await.ok();
    assert_eq!((shown["content"]["body"].as_str(), shown["room_id"].as_str()), (Some("hello"), Some(&*room)));
    let (_other, carol, _dave, hidden) = two_in_a_room().await;
    let secret = carol.say(&hidden, "secret").await;
    bob.get(&format!("/events/{}", encode(&secret))).await.refused(404, "M_NOT_FOUND");
    let own = alice.create_room(serde_json::json!({})).await;
    let private = alice.say(&own, "private").await;
    bob.get(&format!("/events/{}", encode(&private))).await.refused(404, "M_NOT_FOUND");
    bob.get("/events/nonsense").await.refused(400, "M_INVALID_PARAM");
    server.anonymous("GET", &format!("/_matrix/client/v3{path}"), None).await.refused(401, "M_MISSING_TOKEN");
}
