//! `GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}`

use serde_json::json;

use super::ask;
use crate::harness::{event_ids, two_in_a_room};

#[tokio::test]
async fn relations_of_one_kind_and_type_are_listed() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    let reply = bob.relate(&room, "m.thread", &root, "reply").await;
    let relation = json!({"rel_type": "m.thread", "event_id": root});
    let picture = json!({"body": "pot", "url": "mxc://localhost/pot", "m.relates_to": relation});
    let sticker = alice.send_event(&room, "m.sticker", picture).await.event_id();
    let reaction = alice.react(&room, &root, "👍").await;
    let kind = async |rest: &str| -> Vec<String> {
        let page = ask(&bob, &room, &root, rest).await.ok();
        event_ids(&page["chunk"]).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(kind("/m.thread/m.room.message").await, [&*reply]);
    assert_eq!(kind("/m.thread/m.sticker").await, [&*sticker]);
    assert_eq!(kind("/m.annotation/m.reaction").await, [&*reaction]);
    assert_eq!(kind("/m.annotation/m.room.message").await, [""; 0]);
    assert_eq!(kind("/m.thread/m.room.message?dir=f&limit=1").await, [&*reply]);
    ask(&bob, &room, "$nothing", "/m.thread/m.sticker").await.refused(404, "M_NOT_FOUND");
    ask(&bob, &room, &root, "/m.thread/m.sticker?limit=x").await.refused(400, "M_INVALID_PARAM");
}
