//! `POST /_matrix/client/v3/rooms/{roomId}/kick`

use serde_json::json;

use super::{bad_targets, member_event, two_and_a_stranger};
use crate::harness::encode;

#[tokio::test]
async fn the_powerful_throw_others_out() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let path = format!("/rooms/{}/kick", encode(&room));
    let since = bob.now().await;
    let body = json!({"user_id": bob.id, "reason": "milk first"});
    assert_eq!(alice.post(&path, body).await.ok(), json!({}));
    let event = member_event(&alice, &room, &bob).await;
    assert_eq!(event["content"], json!({"membership": "leave", "reason": "milk first"}));
    assert_eq!(event["sender"], *alice.id);
    let left = bob.sync(Some(&since)).await["rooms"]["leave"][&room].clone();
    let last = left["timeline"]["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event_id"], &last["content"]["reason"]), (&event["event_id"], &json!("milk first")));
    bob.send_event(&room, "m.room.message", json!({"body": "x"})).await.refused(403, "M_FORBIDDEN");
    // Who was thrown out can be asked back, and an invite can be taken back.
    alice.invite(&room, &bob).await.ok();
    bob.join(&room).await.ok();
    alice.invite(&room, &carol).await.ok();
    alice.kick(&room, &carol).await.ok();
    carol.join(&room).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn power_decides() {
    let (server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let dave = server.register("dave").await;
    for user in [&carol, &dave] {
        alice.invite(&room, user).await.ok();
        user.join(&room).await.ok();
    }
    bob.kick(&room, &carol).await.refused(403, "M_FORBIDDEN");
    bob.kick(&room, &alice).await.refused(403, "M_FORBIDDEN");
    let levels = json!({bob.id.clone(): 50, carol.id.clone(): 50, dave.id.clone(): 49});
    alice.set_levels(&room, json!({"users": levels})).await.ok();
    bob.kick(&room, &carol).await.refused(403, "M_FORBIDDEN");
    bob.kick(&room, &alice).await.refused(403, "M_FORBIDDEN");
    dave.kick(&room, &dave).await.refused(403, "M_FORBIDDEN");
    bob.kick(&room, &dave).await.ok();
    alice.set_levels(&room, json!({"kick": 51})).await.ok();
    alice.invite(&room, &dave).await.ok();
    bob.kick(&room, &dave).await.refused(403, "M_FORBIDDEN");
    alice.kick(&room, &carol).await.ok();
    // Who is not there cannot be thrown out, and who is not there throws nobody out.
    alice.kick(&room, &carol).await.refused(403, "M_FORBIDDEN");
    alice.kick(&room, &server.register("erin").await).await.refused(403, "M_FORBIDDEN");
    carol.kick(&room, &bob).await.refused(403, "M_FORBIDDEN");
    alice.ban(&room, &bob).await.ok();
    alice.kick(&room, &bob).await.refused(403, "M_FORBIDDEN");
    assert_eq!(alice.membership_of(&room, &bob).await, "ban");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, [alice, bob, _], room) = two_and_a_stranger().await;
    let path = format!("/rooms/{}/kick", encode(&room));
    for body in bad_targets() {
        alice.post(&path, body).await.refused(400, "M_BAD_JSON");
    }
    alice.kick("!nowhere:localhost", &bob).await.refused(403, "M_FORBIDDEN");
    let body = Some(json!({"user_id": bob.id}));
    server
        .anonymous("POST", &format!("/_matrix/client/v3{path}"), body)
        .await
        .refused(401, "M_MISSING_TOKEN");
}
