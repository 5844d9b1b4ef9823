//! `POST /_synapse/admin/v1/user/{userId}/redact`

use serde_json::{Value, json};

use crate::harness::{Server, User, bodies, encode, eventually};

pub(super) fn path(user: &str) -> String {
    format!("/_synapse/admin/v1/user/{}/redact", encode(user))
}

pub(super) fn of_id(id: &str) -> String {
    format!("/_synapse/admin/v1/user/redact_status/{id}")
}

/// Takes away what a user wrote and waits until that is done. Answers what became of it.
async fn redact(admin: &User, user: &User, body: Value) -> Value {
    let id = admin.post(&path(&user.id), body).await.ok()["redact_id"].take();
    let of_id = of_id(id.as_str().unwrap());
    eventually("the redaction", async || {
        let status = admin.get(&of_id).await.ok();
        if status["status"] == "completed" { Ok(status) } else { Err(status.to_string()) }
    })
    .await
}

async fn texts(user: &User, room: &str) -> Vec<String> {
    let page = user.get(&format!("/rooms/{}/messages?dir=f&limit=100", encode(room))).await.ok();
    let kept = page["chunk"].as_array().unwrap().iter().filter(|event| event["type"] == "m.room.message");
    let kept: Value = kept.filter(|event| !event["content"]["body"].is_null()).cloned().collect();
    bodies(&kept).into_iter().map(str::to_owned).collect()
}

async fn start() -> (Server, User, User, User, [String; 2]) {
    let server = Server::start().await;
    let (admin, alice, bob) =
        (server.register_admin("admin").await, server.register("alice").await, server.register("bob").await);
    let mut rooms = [const { String::new() }; 2];
    for room in &mut rooms {
        *room = alice.create_room(json!({"preset": "public_chat"})).await;
        bob.join(room).await.ok();
        for text in ["one", "two"] {
            bob.say(room, text).await;
        }
        alice.say(room, "mine").await;
    }
    (server, admin, alice, bob, rooms)
}

#[tokio::test]
async fn what_a_user_wrote_goes_wherever_they_are() {
    let (_server, admin, alice, bob, [first, second]) = start().await;
    let status = redact(&admin, &bob, json!({"rooms": [], "reason": "spam"})).await;
    assert_eq!(status, json!({"status": "completed", "failed_redactions": {}}));
    assert_eq!(texts(&alice, &first).await, ["mine"]);
    assert_eq!(texts(&alice, &second).await, ["mine"]);
    bob.say(&first, "still here").await;
}

#[tokio::test]
async fn it_can_be_bounded() {
    let (_server, admin, alice, bob, [first, second]) = start().await;
    redact(&admin, &bob, json!({"rooms": [first], "limit": 1})).await;
    assert_eq!(texts(&alice, &first).await, ["one", "mine"]);
    assert_eq!(texts(&alice, &second).await, ["one", "two", "mine"]);
}

#[tokio::test]
async fn what_nobody_can_take_away_is_told() {
    let (_server, admin, alice, bob, [first, _]) = start().await;
    let leave = format!("/rooms/{}/leave", encode(&first));
    bob.post(&leave, json!({})).await.ok();
    let status = redact(&admin, &bob, json!({"rooms": [first]})).await;
    assert!(!status["failed_redactions"].as_object().unwrap().is_empty(), "{status}");
    assert_eq!(texts(&alice, &first).await, ["one", "two", "mine"]);
    // The administrator is in the room now, with the power to do it.
    admin.join(&first).await.ok();
    let levels = json!({"users": {(&alice.id): 100, (&admin.id): 50}});
    let state = alice.get(&format!("/rooms/{}/state", encode(&first))).await.ok();
    let mut now = crate::harness::state_content(&state, "m.room.power_levels", "").clone();
    let given = now["users"].as_object_mut().unwrap();
    given.insert(admin.id.clone(), levels["users"][&admin.id].clone());
    alice.set_state(&first, "m.room.power_levels", "", now).await.ok();
    let status = redact(&admin, &bob, json!({"rooms": [first]})).await;
    assert_eq!(status["failed_redactions"], json!({}));
    assert_eq!(texts(&alice, &first).await, ["mine"]);
}

#[tokio::test]
async fn only_administrators_redact_users() {
    let (server, admin, alice, bob, _) = start().await;
    let body = json!({"rooms": []});
    alice.post(&path(&bob.id), body.clone()).await.refused(403, "M_FORBIDDEN");
    server.anonymous("POST", &path(&bob.id), Some(body.clone())).await.refused(401, "M_MISSING_TOKEN");
    admin.post(&path("@nobody:elsewhere.example"), body).await.refused(404, "M_NOT_FOUND");
    let unknown = json!({"rooms": ["!unknown:localhost"]});
    admin.post(&path(&bob.id), unknown).await.refused(404, "M_NOT_FOUND");
    admin.post(&path(&bob.id), json!({})).await.refused(400, "M_BAD_JSON");
    admin.post(&path(&bob.id), json!({"rooms": [], "limit": 0})).await.refused(400, "M_INVALID_PARAM");
}
