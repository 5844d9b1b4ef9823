//! `GET /_matrix/client/v3/rooms/{roomId}/initialSync`

use serde_json::json;

use super::room_to_look_into;
use crate::harness::{bodies, encode, find_state};

#[tokio::test]
async fn a_room_is_shown_as_it_is() {
    let (server, alice, bob, room) = room_to_look_into().await;
    for text in ["one", "two", "three"] {
        alice.say(&room, text).await;
    }
    let path = format!("/rooms/{}/initialSync", encode(&room));
    let shown = bob.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(shown["room_id"], *room);
    assert!(shown.get("membership").is_none(), "{shown}");
    assert_eq!(shown["visibility"], "private");
    assert_eq!(bodies(&shown["messages"]["chunk"]), ["two", "three"]);
    assert!(find_state(&shown["state"], "m.room.create", "").is_some());
    let start = shown["messages"]["start"].as_str().unwrap();
    let older = bob.messages(&room, &format!("dir=b&limit=1&from={start}")).await;
    assert_eq!(bodies(&older["chunk"]), ["one"]);
    alice
        .put(&format!("/user/{}/rooms/{}/tags/u.work", encode(&alice.id), encode(&room)), json!({}))
        .await
        .ok();
    let own = alice.get(&path).await.ok();
    assert_eq!(own["membership"], "join");
    let tags = json!([{"type": "m.tag", "content": {"tags": {"u.work": {}}}}]);
    assert_eq!(own["account_data"], tags);
    let hidden = alice.create_room(json!({})).await;
    bob.get(&format!("/rooms/{}/initialSync", encode(&hidden))).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &format!("/_matrix/client/v3{path}"), None).await.refused(401, "M_MISSING_TOKEN");
}
