//! What a gateway learns of a message.

use serde_json::json;

use super::{super::mention, Phone};
use crate::harness::{GATEWAYS, Gateway, Server};

#[tokio::test]
async fn a_message_is_told_whole() {
    let phone = Phone::start().await;
    let path = format!("/profile/{}/displayname", phone.writer.id);
    phone.writer.put(&path, json!({"displayname": "Wilma"})).await.ok();
    let told = phone.hear("The tea is ready").await;
    let device = &told["devices"][0];
    assert!(device["pushkey_ts"].as_u64().is_some_and(|seconds| seconds > 1_600_000_000), "{told}");
    let expected = json!({
        "event_id": told["event_id"],
        "room_id": phone.room,
        "type": "m.room.message",
        "sender": phone.writer.id,
        "sender_display_name": "Wilma",
        "room_name": "Tea",
        "room_alias": "#tea:localhost",
        "prio": "low",
        "content": {"msgtype": "m.text", "body": "The tea is ready"},
        "counts": {"unread": 1},
        "devices": [{
            "app_id": "org.example.app",
            "pushkey": "phone",
            "pushkey_ts": device["pushkey_ts"],
            "data": {"default_payload": {"a": 1}},
            "tweaks": {},
        }],
    });
    assert_eq!(told, expected);
    assert_eq!(phone.hear("And the cake").await["counts"], json!({"unread": 2}));
    assert_eq!(phone.gateway.events().len(), 2, "each once");
}

#[tokio::test]
async fn a_mention_is_loud() {
    let phone = Phone::start().await;
    let content = mention(&phone.reader);
    let event = phone.writer.send_event(&phone.room, "m.room.message", content).await.event_id();
    let told = phone.gateway.told(&event).await;
    assert_eq!(told["prio"], "high");
    assert_eq!(told["devices"][0]["tweaks"], json!({"highlight": true, "sound": "default"}));
}

#[tokio::test]
async fn rooms_of_two_without_a_name_are_called_after_the_other() {
    let phone = Phone::start().await;
    let direct = json!({"preset": "trusted_private_chat", "is_direct": true, "invite": [phone.reader.id]});
    let room = phone.writer.create_room(direct).await;
    phone.reader.join(&room).await.ok();
    let event = phone.writer.say(&room, "psst").await;
    let told = phone.gateway.told(&event).await;
    assert_eq!(told["room_name"], "writer");
    assert!(told["room_alias"].is_null(), "{told}");
    // Rooms of two ring.
    assert_eq!(told["prio"], "high");
    assert_eq!(told["devices"][0]["tweaks"]["sound"], "default");
}

#[tokio::test]
async fn who_asks_for_the_id_gets_the_id() {
    let phone = Phone::start_with(|pusher| pusher["data"]["format"] = "event_id_only".into()).await;
    let mut told = phone.hear("a secret").await;
    told["devices"][0].as_object_mut().unwrap().remove("pushkey_ts");
    let expected = json!({
        "event_id": told["event_id"],
        "room_id": phone.room,
        "prio": "low",
        "counts": {"unread": 1},
        "devices": [{
            "app_id": "org.example.app",
            "pushkey": "phone",
            "data": {"format": "event_id_only", "default_payload": {"a": 1}},
        }],
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_operator_may_have_ids_only() {
    let gateway = Gateway::start().await;
    let server = Server::start_with(&GATEWAYS.replace("[push]", "[push]\nevent_id_only = true")).await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    gateway.serve(&bob, "phone").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    let event = alice.say(&room, "a secret").await;
    let told = gateway.told(&event).await;
    assert!(told["content"].is_null() && told["sender"].is_null(), "{told}");
}

#[tokio::test]
async fn encrypted_messages_are_told_in_haste() {
    let phone = Phone::start().await;
    let content = json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "c", "session_id": "s"});
    let event = phone.writer.send_event(&phone.room, "m.room.encrypted", content.clone()).await.event_id();
    let told = phone.gateway.told(&event).await;
    assert_eq!((&told["type"], &told["content"]), (&json!("m.room.encrypted"), &content));
    // It may mention the user, who knows.
    assert_eq!(told["prio"], "high");
}

#[tokio::test]
async fn every_device_is_told_and_nobody_else() {
    let phone = Phone::start().await;
    let tablet = Gateway::start().await;
    tablet.serve(&phone.reader, "tablet").await;
    let own = Gateway::start().await;
    own.serve(&phone.writer, "own").await;
    let stranger = phone.server.register("stranger").await;
    let elsewhere = Gateway::start().await;
    elsewhere.serve(&stranger, "elsewhere").await;
    let event = phone.writer.say(&phone.room, "hello").await;
    phone.gateway.told(&event).await;
    assert_eq!(tablet.told(&event).await["devices"][0]["pushkey"], "tablet");
    let answer = phone.reader.say(&phone.room, "hello yourself").await;
    own.told(&answer).await;
    assert_eq!(own.events(), [answer.clone()]);
    assert!(elsewhere.taken().is_empty());
    assert_eq!(phone.gateway.events(), [event]);
}

#[tokio::test]
async fn what_happened_before_is_not_told() {
    let phone = Phone::start().await;
    let before = phone.writer.say(&phone.room, "early").await;
    phone.gateway.told(&before).await;
    let late = Gateway::start().await;
    late.serve(&phone.reader, "late").await;
    let event = phone.writer.say(&phone.room, "late").await;
    assert_eq!(late.told(&event).await["counts"]["unread"], 2);
    assert_eq!(late.events(), [event]);
}
