//! `GET /_synapse/admin/v1/rooms/{roomId}/messages`

use serde_json::json;

use super::{only_administrators, path, start};
use crate::harness::bodies;

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| path(room, "/messages"), None).await;
}

#[tokio::test]
async fn a_room_is_read_from_either_end() {
    let (server, admin, alice, _room) = start().await;
    // Even what was said while only members might read, and before anybody else was there.
    let hidden = json!({"initial_state": [{
        "type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}]});
    let room = alice.create_room(hidden).await;
    for text in ["one", "two", "three"] {
        alice.say(&room, text).await;
    }
    let read = async |query: &str| admin.get(&path(&room, &format!("/messages?{query}"))).await.ok();
    let newest = read("dir=b&limit=2").await;
    assert_eq!(bodies(&newest["chunk"]), ["three", "two"]);
    let next = newest["end"].as_str().unwrap();
    assert_eq!(bodies(&read(&format!("dir=b&limit=1&from={next}")).await["chunk"]), ["one"]);
    assert_eq!(read("limit=1").await["chunk"][0]["type"], "m.room.create");
    for bad in ["from=nowhere", "limit=x", "dir=up"] {
        admin.get(&path(&room, &format!("/messages?{bad}"))).await.refused(400, "M_INVALID_PARAM");
    }
    // Nobody else sees more because of that.
    let bob = server.register("bob").await;
    let own = format!("/rooms/{}/messages?dir=b", crate::harness::encode(&room));
    bob.get(&own).await.refused(403, "M_FORBIDDEN");
}
