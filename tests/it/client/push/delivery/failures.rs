//! Gateways that are away, devices that are gone, and servers that stop.

use serde_json::json;

use super::Phone;
use crate::harness::{Gateway, Server, eventually};

impl Phone {
    async fn is_refused(&self) {
        eventually("a notification that is not taken", async || match self.gateway.refused() {
            0 => Err("none".to_owned()),
            _ => Ok(()),
        })
        .await;
    }
}

#[tokio::test]
async fn a_device_that_is_gone_is_forgotten() {
    let phone = Phone::start().await;
    let tablet = Gateway::start().await;
    tablet.serve(&phone.reader, "tablet").await;
    // What a gateway says of the devices of others is not believed.
    phone.gateway.answer(200, json!({"rejected": ["phone", "tablet"]}));
    phone.hear("anybody?").await;
    eventually("the end of the pusher", async || {
        let pushers = phone.reader.get("/pushers").await.ok();
        match pushers["pushers"].as_array().map(Vec::len) {
            Some(1) => Ok(()),
            _ => Err(pushers.to_string()),
        }
    })
    .await;
    let event = phone.writer.say(&phone.room, "you?").await;
    tablet.told(&event).await;
    assert_eq!(phone.gateway.events().len(), 1);
}

#[tokio::test]
async fn a_gateway_that_was_away_is_told_after_a_restart() {
    let phone = Phone::start().await;
    phone.gateway.answer(500, json!({}));
    let first = phone.writer.say(&phone.room, "one").await;
    phone.is_refused().await;
    let second = phone.writer.say(&phone.room, "two").await;
    let phone = phone.restart().await;
    let third = phone.writer.say(&phone.room, "three").await;
    phone.gateway.answer(200, json!({}));
    phone.gateway.told(&third).await;
    assert_eq!(phone.gateway.events(), [first, second, third]);
}

#[tokio::test]
async fn nothing_is_lost_in_a_crash() {
    let phone = Phone::start().await;
    phone.hear("before").await;
    phone.gateway.answer(500, json!({}));
    let first = phone.writer.say(&phone.room, "one").await;
    let phone = phone.crash_and_restart().await;
    let second = phone.writer.say(&phone.room, "two").await;
    phone.gateway.answer(200, json!({}));
    phone.gateway.told(&second).await;
    let events = phone.gateway.events();
    assert!(events.contains(&first), "{events:?}");
    // Somebody who keeps up is still told.
    assert_eq!(phone.hear("after").await["counts"]["unread"], 4);
}

#[tokio::test]
async fn one_gateway_does_not_hold_up_another() {
    let phone = Phone::start().await;
    phone.gateway.answer(500, json!({}));
    let tablet = Gateway::start().await;
    tablet.serve(&phone.reader, "tablet").await;
    for text in ["one", "two", "three"] {
        let event = phone.writer.say(&phone.room, text).await;
        tablet.told(&event).await;
    }
    assert!(phone.gateway.taken().is_empty());
}

#[tokio::test]
async fn gateways_inside_the_network_are_not_reached() {
    let gateway = Gateway::start().await;
    // Without the exception for the tests, which lets addresses of this machine be reached.
    let server = Server::start_with("\n[push]\nallow_http_gateways = true\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    gateway.serve(&bob, "phone").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&room).await.ok();
    alice.say(&room, "hello").await;
    eventually("a pusher that is behind", async || {
        let answer = server.http.get(format!("{}/metrics", server.base)).send().await.unwrap();
        let text = answer.text().await.unwrap();
        match text.contains("kith_push_notifications_total{outcome=\"failed\"}") {
            true => Ok(()),
            false => Err(text),
        }
    })
    .await;
    assert!(gateway.taken().is_empty() && gateway.refused() == 0);
}
