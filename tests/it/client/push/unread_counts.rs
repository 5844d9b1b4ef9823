//! `unread_notifications` in `/sync`: what counts, and until when.

use serde_json::json;

use super::{Pair, counts};
use crate::harness::encode;

#[tokio::test]
async fn messages_count_until_they_are_read() {
    let pair = Pair::start().await;
    assert_eq!(pair.counts().await, (0, 0));
    let mut events = Vec::new();
    for text in ["one", "two", "three"] {
        events.push(pair.writer.say(&pair.room, text).await);
    }
    assert_eq!(pair.counts().await, (3, 0));
    pair.read_up_to(&events[1]).await;
    assert_eq!(pair.counts().await, (1, 0));
    pair.read_up_to(&events[2]).await;
    assert_eq!(pair.counts().await, (0, 0));
    pair.writer.say(&pair.room, "four").await;
    assert_eq!(pair.counts().await, (1, 0));
    // One's own messages never count.
    assert_eq!(
        counts(&pair.writer.sync(None).await["rooms"]["join"][&pair.room]["unread_notifications"]),
        (0, 0)
    );
}

#[tokio::test]
async fn a_private_receipt_counts_as_reading() {
    let pair = Pair::start().await;
    let event = pair.writer.say(&pair.room, "psst").await;
    let path = format!("/rooms/{}/receipt/m.read.private/{}", encode(&pair.room), encode(&event));
    pair.reader.post(&path, json!({})).await.ok();
    assert_eq!(pair.counts().await, (0, 0));
}

#[tokio::test]
async fn every_device_hears_that_the_room_was_read() {
    let pair = Pair::start().await;
    let phone = pair.reader.log_in_again(&pair.server, "PHONE").await;
    let event = pair.writer.say(&pair.room, "one").await;
    let first = phone.sync(None).await;
    assert_eq!(counts(&first["rooms"]["join"][&pair.room]["unread_notifications"]), (1, 0));
    pair.read_up_to(&event).await;
    let (unread, _) = phone
        .sync_until(first["next_batch"].as_str(), |answer| {
            answer["rooms"]["join"].get(&pair.room).map(|room| room["unread_notifications"].clone())
        })
        .await;
    assert_eq!(counts(&unread), (0, 0));
}

#[tokio::test]
async fn counts_grow_from_sync_to_sync() {
    let pair = Pair::start().await;
    let mut since = pair.reader.now().await;
    for expected in 1..=4 {
        let event = pair.writer.say(&pair.room, "again").await;
        let answer = pair.reader.sync(Some(&since)).await;
        let room = &answer["rooms"]["join"][&pair.room];
        assert_eq!(room["timeline"]["events"][0]["event_id"], *event);
        assert_eq!(counts(&room["unread_notifications"]), (expected, 0));
        answer["next_batch"].as_str().unwrap().clone_into(&mut since);
    }
}

#[tokio::test]
async fn not_every_event_is_worth_a_notification() {
    let pair = Pair::start().await;
    let (writer, room) = (&pair.writer, &pair.room);
    let event = writer.say(room, "worth it").await;
    assert_eq!(pair.counts().await, (1, 0));
    writer.send_event(room, "m.room.message", json!({"msgtype": "m.notice", "body": "beep"})).await.ok();
    let reaction = json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "!"}});
    writer.send_event(room, "m.reaction", reaction).await.ok();
    let edit = json!({
        "msgtype": "m.text", "body": "* really worth it",
        "m.new_content": {"msgtype": "m.text", "body": "really worth it"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    });
    writer.send_event(room, "m.room.message", edit).await.ok();
    writer.set_state(room, "m.room.name", "", json!({"name": "A name"})).await.ok();
    writer
        .put(&format!("/profile/{}/displayname", encode(&writer.id)), json!({"displayname": "A"}))
        .await
        .ok();
    writer.send_event(room, "org.example.custom", json!({"body": "nothing to see"})).await.ok();
    assert_eq!(pair.counts().await, (1, 0));
    // What encrypted events say nobody knows, so they count.
    writer.send_event(room, "m.room.encrypted", json!({"algorithm": "m.megolm.v1.aes-sha2"})).await.ok();
    assert_eq!(pair.counts().await, (2, 0));
}

#[tokio::test]
async fn a_redacted_message_needs_no_reading() {
    let pair = Pair::start().await;
    let event = pair.writer.say(&pair.room, "oops").await;
    pair.writer.say(&pair.room, "fine").await;
    assert_eq!(pair.counts().await, (2, 0));
    let path = format!("/rooms/{}/redact/{}/r1", encode(&pair.room), encode(&event));
    pair.writer.put(&path, json!({})).await.ok();
    assert_eq!(pair.counts().await, (1, 0));
}

#[tokio::test]
async fn what_was_said_before_one_came_does_not_count() {
    let pair = Pair::start().await;
    for text in ["one", "two"] {
        pair.writer.say(&pair.room, text).await;
    }
    let carol = pair.server.register("carol").await;
    pair.writer.invite(&pair.room, &carol).await.ok();
    carol.join(&pair.room).await.ok();
    let unread =
        |answer: serde_json::Value| counts(&answer["rooms"]["join"][&pair.room]["unread_notifications"]);
    assert_eq!(unread(carol.sync(None).await), (0, 0));
    pair.writer.say(&pair.room, "three").await;
    assert_eq!(unread(carol.sync(None).await), (1, 0));
}

#[tokio::test]
async fn counts_survive_a_restart() {
    let mut pair = Pair::start().await;
    let first = pair.writer.say(&pair.room, "one").await;
    pair.writer.say(&pair.room, "two").await;
    pair.read_up_to(&first).await;
    pair.server = pair.server.crash_and_restart().await;
    pair.reader = pair.reader.on(&pair.server);
    assert_eq!(pair.counts().await, (1, 0));
}

#[tokio::test]
async fn a_long_absence_is_counted_whole() {
    let pair = Pair::start().await;
    let writer = &pair.writer;
    for batch in 0..3_u32 {
        let sending = (0..50_u32)
            .map(|index| writer.say(&pair.room, if batch + index == 0 { "first" } else { "more" }));
        futures_util::future::join_all(sending).await;
    }
    assert_eq!(pair.counts().await, (150, 0));
}
