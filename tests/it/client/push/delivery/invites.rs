//! Invites.

use serde_json::json;

use super::Phone;

#[tokio::test]
async fn invites_are_told() {
    let phone = Phone::start().await;
    let options = json!({"preset": "private_chat", "name": "Secrets"});
    let room = phone.writer.create_room(options).await;
    phone.writer.invite(&room, &phone.reader).await.ok();
    let told = phone.gateway.notification("an invite", |found| found["room_id"] == *room).await;
    assert_eq!(told["type"], "m.room.member");
    assert_eq!(told["user_is_target"], true);
    assert_eq!(told["content"]["membership"], "invite");
    assert_eq!((&told["sender"], &told["room_name"]), (&json!(phone.writer.id), &json!("Secrets")));
    assert_eq!(told["devices"][0]["tweaks"]["sound"], "default");
    assert_eq!(told["prio"], "high");
}

#[tokio::test]
async fn invites_of_others_are_not() {
    let phone = Phone::start().await;
    let carol = phone.server.register("carol").await;
    phone.writer.invite(&phone.room, &carol).await.ok();
    carol.join(&phone.room).await.ok();
    let event = phone.writer.say(&phone.room, "Here is Carol").await;
    let told = phone.gateway.told(&event).await;
    assert!(told["user_is_target"].is_null(), "{told}");
    assert_eq!(phone.gateway.events(), [event]);
}

#[tokio::test]
async fn an_invite_that_was_taken_back_is_not_told_late() {
    let phone = Phone::start().await;
    phone.gateway.answer(502, json!({}));
    let room = phone.writer.create_room(json!({"preset": "private_chat"})).await;
    phone.writer.invite(&room, &phone.reader).await.ok();
    phone.writer.kick(&room, &phone.reader).await.ok();
    let other = phone.writer.create_room(json!({"preset": "private_chat"})).await;
    phone.writer.invite(&other, &phone.reader).await.ok();
    phone.gateway.answer(200, json!({"rejected": []}));
    let told = phone.gateway.notification("an invite", |found| found["room_id"] == *other).await;
    assert_eq!(phone.gateway.events(), [told["event_id"].as_str().unwrap()]);
}
