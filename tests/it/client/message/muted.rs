//! Members whose power is below what speaking needs.

use serde_json::json;

use crate::harness::{encode, shows_event, two_in_a_room};

#[tokio::test]
async fn the_muted_listen() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    alice.set_levels(&room, json!({"users": {bob.id.clone(): -1}})).await.ok();
    let words = json!({"msgtype": "m.text", "body": "let me"});
    bob.send_event(&room, "m.room.message", words.clone()).await.refused(403, "M_FORBIDDEN");
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "me"})).await.refused(403, "M_FORBIDDEN");
    let mine = bob.set_state(&room, "org.example.mine", &bob.id, json!({})).await;
    mine.refused(403, "M_FORBIDDEN");
    let since = bob.now().await;
    let event = alice.say(&room, "silence is golden").await;
    assert!(shows_event(&bob.sync(Some(&since)).await, &room, &event));
    assert_eq!(bob.event(&room, &event).await.ok()["content"]["body"], "silence is golden");
    // They may read aloud to themselves and leave their marks.
    bob.post(&format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&event)), json!({})).await.ok();
    let thumb = json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "+"}});
    bob.send_event(&room, "m.reaction", thumb).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"users": {bob.id.clone(): 0}})).await.ok();
    bob.send_event(&room, "m.room.message", words).await.ok();
}

#[tokio::test]
async fn a_room_can_be_for_announcements() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let levels = json!({"events_default": 50, "events": {"m.reaction": 0, "m.room.redaction": 0}});
    alice.set_levels(&room, levels).await.ok();
    let event = alice.say(&room, "tea at five").await;
    let words = json!({"msgtype": "m.text", "body": "why?"});
    bob.send_event(&room, "m.room.message", words.clone()).await.refused(403, "M_FORBIDDEN");
    bob.send_event(&room, "m.room.encrypted", words).await.refused(403, "M_FORBIDDEN");
    let reaction = bob.react(&room, &event, "👍").await;
    bob.redact(&room, &reaction, "r", json!({})).await.ok();
    bob.redact(&room, &event, "r", json!({})).await.refused(403, "M_FORBIDDEN");
}
