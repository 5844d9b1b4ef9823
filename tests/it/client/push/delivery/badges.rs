//! How many messages are unread, on the phone's icon.

use serde_json::{Value, json};

use super::Phone;
use crate::harness::encode;

/// Whether a notification is about the number alone.
fn is_badge(unread: u64) -> impl Fn(&Value) -> bool {
    move |found| found["event_id"].is_null() && found["counts"] == json!({"unread": unread})
}

impl Phone {
    async fn read_up_to(&self, kind: &str, event: &str) {
        let path = format!("/rooms/{}/receipt/{kind}/{}", encode(&self.room), encode(event));
        self.reader.post(&path, json!({})).await.ok();
    }
}

#[tokio::test]
async fn reading_changes_the_number() {
    let phone = Phone::start().await;
    let first = phone.writer.say(&phone.room, "one").await;
    let last = phone.writer.say(&phone.room, "two").await;
    phone.gateway.told(&last).await;
    phone.read_up_to("m.read", &first).await;
    let badge = phone.gateway.notification("one unread message", is_badge(1)).await;
    let devices = badge["devices"].as_array().unwrap();
    assert_eq!((devices.len(), &devices[0]["pushkey"]), (1, &json!("phone")));
    phone.read_up_to("m.read.private", &last).await;
    phone.gateway.notification("nothing unread", is_badge(0)).await;
}

#[tokio::test]
async fn answering_is_reading() {
    let phone = Phone::start().await;
    phone.hear("are you there?").await;
    phone.reader.say(&phone.room, "yes").await;
    phone.gateway.notification("nothing unread", is_badge(0)).await;
    assert_eq!(phone.hear("good").await["counts"]["unread"], 1);
}

#[tokio::test]
async fn the_number_is_of_all_rooms() {
    let phone = Phone::start().await;
    let other = phone.writer.create_room(json!({"preset": "public_chat"})).await;
    phone.reader.join(&other).await.ok();
    phone.hear("one").await;
    phone.hear("two").await;
    let event = phone.writer.say(&other, "three").await;
    assert_eq!(phone.gateway.told(&event).await["counts"]["unread"], 3);
    phone.reader.leave(&phone.room).await.ok();
    let event = phone.writer.say(&other, "four").await;
    assert_eq!(phone.gateway.told(&event).await["counts"]["unread"], 2);
}

#[tokio::test]
async fn what_was_read_is_not_told_late() {
    let phone = Phone::start().await;
    phone.gateway.answer(503, json!({}));
    let first = phone.writer.say(&phone.room, "one").await;
    let second = phone.writer.say(&phone.room, "two").await;
    phone.read_up_to("m.read", &first).await;
    phone.gateway.answer(200, json!({}));
    assert_eq!(phone.gateway.told(&second).await["counts"]["unread"], 1);
    assert_eq!(phone.gateway.events(), [second]);
}
