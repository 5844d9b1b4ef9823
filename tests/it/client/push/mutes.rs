//! Rooms, people and everything muted by push rules.

use serde_json::json;

use super::{Pair, mention, rule_path};

#[tokio::test]
async fn a_muted_room_is_silent_but_for_mentions() {
    let pair = Pair::start().await;
    pair.reader.put(&rule_path("room", &pair.room), json!({"actions": []})).await.ok();
    pair.writer.say(&pair.room, "hello?").await;
    assert_eq!(pair.counts().await, (0, 0));
    pair.writer.send_event(&pair.room, "m.room.message", mention(&pair.reader)).await.ok();
    assert_eq!(pair.counts().await, (1, 1));
    // Unmuted, the room counts again.
    pair.reader.delete(&rule_path("room", &pair.room)).await.ok();
    pair.writer.say(&pair.room, "there you are").await;
    assert!(pair.counts().await.0 >= 2);
}

#[tokio::test]
async fn an_override_silences_mentions_as_well() {
    let pair = Pair::start().await;
    let condition = json!({"kind": "event_match", "key": "room_id", "pattern": pair.room});
    let rule = json!({"conditions": [condition], "actions": []});
    pair.reader.put(&rule_path("override", &pair.room), rule).await.ok();
    pair.writer.send_event(&pair.room, "m.room.message", mention(&pair.reader)).await.ok();
    assert_eq!(pair.counts().await, (0, 0));
    // The others' counts are theirs.
    let carol = pair.server.register("carol").await;
    pair.writer.invite(&pair.room, &carol).await.ok();
    carol.join(&pair.room).await.ok();
    pair.writer.send_event(&pair.room, "m.room.message", mention(&carol)).await.ok();
    let unread = &carol.sync(None).await["rooms"]["join"][&pair.room]["unread_notifications"];
    assert_eq!(super::counts(unread), (1, 1));
    assert_eq!(pair.counts().await, (0, 0));
}

#[tokio::test]
async fn the_old_way_of_muting_mutes() {
    let pair = Pair::start().await;
    pair.reader.put(&rule_path("room", &pair.room), json!({"actions": ["dont_notify"]})).await.ok();
    pair.writer.say(&pair.room, "hello?").await;
    assert_eq!(pair.counts().await, (0, 0));
}

#[tokio::test]
async fn one_person_can_be_muted() {
    let pair = Pair::start().await;
    pair.reader.put(&rule_path("sender", &pair.writer.id), json!({"actions": []})).await.ok();
    pair.writer.say(&pair.room, "am I talking to a wall?").await;
    assert_eq!(pair.counts().await, (0, 0));
}

#[tokio::test]
async fn the_master_rule_silences_everything() {
    let pair = Pair::start().await;
    let path = format!("{}/enabled", rule_path("override", ".m.rule.master"));
    pair.reader.put(&path, json!({"enabled": true})).await.ok();
    pair.writer.send_event(&pair.room, "m.room.message", mention(&pair.reader)).await.ok();
    assert_eq!(pair.counts().await, (0, 0));
}
