//! Two servers on one machine have nothing to do with each other.

use serde_json::json;

use crate::harness::{Server, encode};

#[tokio::test]
async fn each_has_its_own_users_and_rooms() {
    let (first, second) = tokio::join!(
        Server::start_on("127.0.0.2", "first.example", ""),
        Server::start_on("127.0.0.3", "second.example", ""),
    );
    let (alice, other_alice) = (first.register("alice").await, second.register("alice").await);
    assert_eq!(
        (alice.id.as_str(), other_alice.id.as_str()),
        ("@alice:first.example", "@alice:second.example")
    );
    let room = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    alice.say(&room, "hello").await;
    // Neither token nor room means anything to the other.
    alice.on(&second).get("/account/whoami").await.refused(401, "M_UNKNOWN_TOKEN");
    let messages = format!("/rooms/{}/messages?dir=b", encode(&room));
    let refused = other_alice.get(&messages).await;
    assert!([403, 404].contains(&refused.status), "{}", refused.body);
    assert_eq!(other_alice.get("/joined_rooms").await.ok()["joined_rooms"], json!([]));
    let third = other_alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    assert_eq!(other_alice.join("#tea:second.example").await.ok()["room_id"], *third);
    assert_ne!(room, third);
    let second = second.restart().await;
    assert_eq!(other_alice.on(&second).get("/joined_rooms").await.ok()["joined_rooms"], json!([third]));
    alice.say(&room, "still here").await;
}
