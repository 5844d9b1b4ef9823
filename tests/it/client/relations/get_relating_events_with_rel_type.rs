//! `GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}`

use serde_json::json;

use super::ask;
use crate::harness::{event_ids, two_in_a_room};

#[tokio::test]
async fn relations_of_one_kind_are_listed() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    let reply = bob.relate(&room, "m.thread", &root, "reply").await;
    bob.react(&room, &root, "👍").await;
    let edit = bob.relate(&room, "m.replace", &reply, "better reply").await;
    let own = bob.relate(&room, "org.example.kind", &root, "own kind").await;
    let kind = async |event: &str, rest: &str| -> Vec<String> {
        let page = ask(&alice, &room, event, rest).await.ok();
        event_ids(&page["chunk"]).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(kind(&root, "/m.thread").await, [&*reply]);
    assert_eq!(kind(&root, "/org.example.kind").await, [&*own]);
    assert_eq!(kind(&root, "/m.replace").await, [""; 0]);
    assert_eq!(kind(&reply, "/m.replace").await, [&*edit]);
    // Going deeper, the kind is asked of each event on its own.
    assert_eq!(kind(&root, "/m.replace?recurse=true").await, [&*edit]);
    ask(&alice, &room, "$nothing", "/m.thread").await.refused(404, "M_NOT_FOUND");
    ask(&alice, &room, &root, "/m.thread?from=x").await.refused(400, "M_INVALID_PARAM");
    alice.redact(&room, &reply, "r", json!({})).await.ok();
    assert_eq!(kind(&root, "/m.replace?recurse=true").await, [""; 0]);
}
