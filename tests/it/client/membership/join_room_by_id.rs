//! `POST /_matrix/client/v3/rooms/{roomId}/join`

use serde_json::{Value, json};

use super::{member_event, two_and_a_stranger};
use crate::harness::{Answer, Server, User, encode};

async fn join(user: &User, room: &str, body: Value) -> Answer {
    user.post(&format!("/rooms/{}/join", encode(room)), body).await
}

#[tokio::test]
async fn a_public_room_is_open() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    bob.put(&format!("/profile/{}/displayname", bob.id), json!({"displayname": "Bob"})).await.ok();
    bob.put(&format!("/profile/{}/avatar_url", bob.id), json!({"avatar_url": "mxc://localhost/bob"}))
        .await
        .ok();
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let answer = join(&bob, &room, json!({"reason": "thirsty"})).await.ok();
    assert_eq!(answer, json!({"room_id": room}));
    let first = member_event(&alice, &room, &bob).await;
    let expected = json!({
        "membership": "join", "displayname": "Bob", "avatar_url": "mxc://localhost/bob", "reason": "thirsty",
    });
    assert_eq!(first["content"], expected);
    // Joining twice is joining once.
    join(&bob, &room, json!({"reason": "again"})).await.ok();
    assert_eq!(member_event(&alice, &room, &bob).await["event_id"], first["event_id"]);
    bob.leave(&room).await.ok();
    join(&bob, &room, json!({})).await.ok();
    bob.say(&room, "back").await;
    let gone =
        server.anonymous("POST", &format!("/_matrix/client/v3/rooms/{}/join", encode(&room)), None).await;
    gone.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn other_rooms_are_for_the_invited() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    for rule in ["invite", "private", "knock", "restricted", "org.example.whatever"] {
        alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": rule})).await.ok();
        join(&carol, &room, json!({})).await.refused(403, "M_FORBIDDEN");
    }
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "invite"})).await.ok();
    alice.invite(&room, &carol).await.ok();
    join(&carol, &room, json!({})).await.ok();
    // An invite serves once.
    carol.leave(&room).await.ok();
    join(&carol, &room, json!({})).await.refused(403, "M_FORBIDDEN");
    alice.set_state(&room, "m.room.join_rules", "", json!({"join_rule": "public"})).await.ok();
    alice.ban(&room, &bob).await.ok();
    join(&bob, &room, json!({})).await.refused(403, "M_FORBIDDEN");
    join(&carol, &room, json!({})).await.ok();
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (_server, [alice, _, _], room) = two_and_a_stranger().await;
    join(&alice, "!nowhere:localhost", json!({})).await.refused(404, "M_NOT_FOUND");
    join(&alice, "nonsense", json!({})).await.refused(400, "M_INVALID_PARAM");
    join(&alice, "#tea:localhost", json!({})).await.refused(400, "M_INVALID_PARAM");
    join(&alice, &room, json!([])).await.refused(400, "M_BAD_JSON");
    join(&alice, &room, json!({"reason": 1})).await.refused(400, "M_BAD_JSON");
}
