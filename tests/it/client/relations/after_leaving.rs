//! What was related to an event after somebody left, or before they came where that is hidden, is not bundled for them.

use serde_json::{Value, json};

use super::ask;
use crate::harness::{Server, User, encode, event_ids, two_in_a_room};

async fn bundle(user: &User, room: &str, event: &str) -> Value {
    user.event(room, event).await.ok()["unsigned"]["m.relations"].clone()
}

#[tokio::test]
async fn nothing_shines_through_from_later() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    let early = alice.relate(&room, "m.thread", &root, "early reply").await;
    let other = alice.say(&room, "other").await;
    let plain = alice.say(&room, "plain").await;
    bob.leave(&room).await.ok();
    alice.relate(&room, "m.thread", &root, "secret reply").await;
    alice.relate(&room, "m.replace", &root, "secret edit").await;
    alice.relate(&room, "m.replace", &early, "secret edit of the reply").await;
    alice.relate(&room, "m.reference", &other, "secret reference").await;
    alice.relate(&room, "m.thread", &plain, "secret thread").await;
    let seen = bundle(&bob, &room, &root).await;
    assert_eq!((&seen["m.thread"]["count"], &seen["m.replace"]), (&json!(1), &Value::Null), "{seen}");
    assert_eq!(seen["m.thread"]["latest_event"]["event_id"], *early);
    assert!(!seen.to_string().contains("secret"), "{seen}");
    assert_eq!(bundle(&bob, &room, &other).await, Value::Null);
    assert_eq!(bundle(&bob, &room, &plain).await, Value::Null);
    assert_eq!(bundle(&alice, &room, &root).await["m.thread"]["count"], 2);
    let related = ask(&bob, &room, &root, "?recurse=true").await.ok();
    assert_eq!(event_ids(&related["chunk"]), [&*early]);
    let threads = bob.get(&format!("/_matrix/client/v1/rooms/{}/threads", encode(&room))).await.ok();
    assert!(!threads.to_string().contains("secret"), "{threads}");
    let page = bob.messages(&room, "dir=b&limit=50").await;
    assert!(!page.to_string().contains("secret"), "{page}");
}

#[tokio::test]
async fn nor_from_before_one_came() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let state = json!([{"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}]);
    let room = alice.create_room(json!({"preset": "public_chat", "initial_state": state})).await;
    let root = alice.say(&room, "hidden root").await;
    alice.relate(&room, "m.thread", &root, "hidden reply").await;
    bob.join(&room).await.ok();
    let reply = alice.relate(&room, "m.thread", &root, "open reply").await;
    ask(&bob, &room, &root, "").await.refused(404, "M_NOT_FOUND");
    assert_eq!(bob.event(&room, &reply).await.ok()["content"]["body"], "open reply");
    let threads = bob.get(&format!("/_matrix/client/v1/rooms/{}/threads", encode(&room))).await.ok();
    assert!(!threads.to_string().contains("hidden"), "{threads}");
    let page = bob.messages(&room, "dir=b&limit=50").await;
    assert!(!page.to_string().contains("hidden"), "{page}");
}
