//! What a gateway is not told, because the user does not want to hear of it.

use serde_json::json;

use super::{
    super::{mention, rule_path},
    Phone,
};
use crate::harness::encode;

#[tokio::test]
async fn muted_rooms_are_silent() {
    let phone = Phone::start().await;
    phone.reader.put(&rule_path("room", &phone.room), json!({"actions": []})).await.ok();
    phone.writer.say(&phone.room, "nobody hears this").await;
    let content = mention(&phone.reader);
    let event = phone.writer.send_event(&phone.room, "m.room.message", content).await.event_id();
    phone.gateway.told(&event).await;
    assert_eq!(phone.gateway.events(), [event]);
}

#[tokio::test]
async fn edits_reactions_and_notices_are_silent() {
    let phone = Phone::start().await;
    let first = phone.writer.say(&phone.room, "tea").await;
    phone.writer.relate(&phone.room, "m.replace", &first, "green tea").await;
    phone.writer.react(&phone.room, &first, "👍").await;
    let notice = json!({"msgtype": "m.notice", "body": "beep"});
    phone.writer.send_event(&phone.room, "m.room.message", notice).await.ok();
    let last = phone.writer.say(&phone.room, "cake").await;
    phone.gateway.told(&last).await;
    assert_eq!(phone.gateway.events(), [first, last]);
}

#[tokio::test]
async fn ignored_users_are_silent() {
    let phone = Phone::start().await;
    let troll = phone.server.register("troll").await;
    troll.join(&phone.room).await.ok();
    let list = json!({"ignored_users": {&troll.id: {}}});
    let path = format!("/user/{}/account_data/m.ignored_user_list", encode(&phone.reader.id));
    phone.reader.put(&path, list).await.ok();
    troll.send_event(&phone.room, "m.room.message", mention(&phone.reader)).await.ok();
    let event = phone.writer.say(&phone.room, "sorry about that").await;
    assert_eq!(phone.gateway.told(&event).await["counts"]["unread"], 1);
    assert_eq!(phone.gateway.events(), [event]);
}

#[tokio::test]
async fn own_rules_have_own_tweaks() {
    let phone = Phone::start().await;
    let actions = json!(["notify", {"set_tweak": "sound", "value": "cake.wav"}, {"set_tweak": "blink"}]);
    let rule = json!({"pattern": "cake", "actions": actions});
    phone.reader.put(&rule_path("content", "cake"), rule).await.ok();
    let told = phone.hear("there is cake").await;
    assert_eq!(told["devices"][0]["tweaks"], json!({"sound": "cake.wav", "blink": null}));
}

#[tokio::test]
async fn a_pusher_that_is_switched_off_is_silent() {
    let phone = Phone::start().await;
    let mut off = phone.gateway.pusher("phone");
    off["org.matrix.msc3881.enabled"] = false.into();
    phone.reader.post("/pushers/set", off).await.ok();
    phone.writer.say(&phone.room, "nobody hears this").await;
    phone.gateway.serve(&phone.reader, "phone").await;
    let event = phone.writer.say(&phone.room, "but this").await;
    phone.gateway.told(&event).await;
    assert_eq!(phone.gateway.events(), [event]);
}

#[tokio::test]
async fn removed_pushers_are_silent() {
    let phone = Phone::start().await;
    let other = phone.server.register("other").await;
    // The device goes to somebody else.
    phone.gateway.serve(&other, "phone").await;
    other.join(&phone.room).await.ok();
    let event = phone.writer.say(&phone.room, "for one").await;
    phone.gateway.told(&event).await;
    phone.writer.say(&phone.room, "and more").await;
    let last = phone.reader.say(&phone.room, "I hear nothing").await;
    phone.gateway.told(&last).await;
    assert_eq!(phone.gateway.events().len(), 3, "{:?}", phone.gateway.taken());
}
