//! `POST /_matrix/client/v3/rooms/{roomId}/ban`

use serde_json::json;

use super::{bad_targets, member_event, two_and_a_stranger};
use crate::harness::{bodies, encode};

#[tokio::test]
async fn the_banned_stay_outside() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "public"})).await.ok();
    alice.say(&room, "before").await;
    let body = json!({"user_id": bob.id, "reason": "milk first"});
    assert_eq!(alice.post(&format!("/rooms/{}/ban", encode(&room)), body).await.ok(), json!({}));
    let event = member_event(&alice, &room, &bob).await;
    assert_eq!(event["content"], json!({"membership": "ban", "reason": "milk first"}));
    alice.say(&room, "after").await;
    bob.join(&room).await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &bob).await.refused(403, "M_FORBIDDEN");
    bob.send_event(&room, "m.room.message", json!({"body": "x"})).await.refused(403, "M_FORBIDDEN");
    bob.set_state(&room, "m.room.member", &bob.id, json!({"membership": "leave"}))
        .await
        .refused(403, "M_FORBIDDEN");
    // What they heard while they were there remains theirs.
    assert_eq!(bodies(&bob.messages(&room, "dir=b&limit=50").await["chunk"]), ["before"]);
    // A ban needs no visit.
    alice.ban(&room, &carol).await.ok();
    carol.join(&room).await.refused(403, "M_FORBIDDEN");
    carol.get(&format!("/rooms/{}/messages?dir=b", encode(&room))).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn power_decides() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    bob.ban(&room, &carol).await.refused(403, "M_FORBIDDEN");
    carol.ban(&room, &bob).await.refused(403, "M_FORBIDDEN");
    let levels = json!({bob.id.clone(): 50, carol.id.clone(): 50});
    alice.set_levels(&room, json!({"users": levels})).await.ok();
    // Levels count also for those who are not there.
    bob.ban(&room, &carol).await.refused(403, "M_FORBIDDEN");
    bob.ban(&room, &alice).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"users": {carol.id.clone(): 49}})).await.ok();
    bob.ban(&room, &carol).await.ok();
    alice.set_levels(&room, json!({"ban": 75})).await.ok();
    bob.unban(&room, &carol).await.refused(403, "M_FORBIDDEN");
    alice.ban(&room, &bob).await.ok();
    bob.ban(&room, &alice).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, [alice, bob, _], room) = two_and_a_stranger().await;
    let path = format!("/rooms/{}/ban", encode(&room));
    for body in bad_targets() {
        alice.post(&path, body).await.refused(400, "M_BAD_JSON");
    }
    alice.ban("!nowhere:localhost", &bob).await.refused(403, "M_FORBIDDEN");
    let body = Some(json!({"user_id": bob.id}));
    server
        .anonymous("POST", &format!("/_matrix/client/v3{path}"), body)
        .await
        .refused(401, "M_MISSING_TOKEN");
}
