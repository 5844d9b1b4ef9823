//! Rooms from end to end: the first thing a person does.

use serde_json::{Value, json};

use crate::harness::{Server, encode};

#[tokio::test]
async fn two_people_chat() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "private_chat", "name": "Tea", "invite": [bob.id]})).await;
    let invited = bob.sync(None).await;
    assert!(invited["rooms"]["invite"][&room].is_object(), "no invite in {invited}");
    bob.join(&room).await.ok();
    let since = bob.sync(None).await["next_batch"].as_str().unwrap().to_owned();
    let event = alice.say(&room, "one lump or two?").await;
    let (body, _) = bob
        .sync_until(Some(&since), |answer| {
            let events = answer["rooms"]["join"][&room]["timeline"]["events"].as_array()?;
            events.iter().find(|found| found["event_id"] == *event).map(|found| found["content"]["body"].clone())
        })
        .await;
    assert_eq!(body, "one lump or two?");
    let page = bob.get(&format!("/rooms/{}/messages?dir=b&limit=5", encode(&room))).await.ok();
    let first: &Value = &page["chunk"][0];
    assert_eq!(first["event_id"], *event);
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"preset": "public_chat", "room_alias_name": "tea"})).await;
    let event = alice.say(&room, "still here").await;
    let server = server.restart().await;
    let found = alice.get(&format!("/rooms/{}/event/{}", encode(&room), encode(&event))).await.ok();
    assert_eq!(found["content"]["body"], "still here");
    let server = server.crash_and_restart().await;
    let bob = server.register("bob").await;
    assert_eq!(bob.join("#tea:localhost").await.ok()["room_id"], *room);
}
