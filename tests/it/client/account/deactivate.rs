//! `POST /_matrix/client/v3/account/deactivate`

use serde_json::json;

use crate::harness::{Server, encode};

const PATH: &str = "/account/deactivate";
const FLOWS: &[&[&str]] = &[&["m.login.password"]];

#[tokio::test]
async fn nothing_is_left_to_log_in_to() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    let mut body = json!({"type": "m.login.password", "refresh_token": true});
    body["identifier"] = json!({"type": "m.id.user", "user": "alice"});
    body["password"] = "alice-password".into();
    let renewable = server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await.ok();
    let answer = alice.call_with_password("POST", PATH, json!({})).await.ok();
    assert_eq!(answer, json!({"id_server_unbind_result": "no-support"}));
    for token in [&alice.token, &phone.token, renewable["access_token"].as_str().unwrap()] {
        server.refuses_token(token).await;
    }
    let renewal = json!({"refresh_token": renewable["refresh_token"]});
    server
        .anonymous("POST", "/_matrix/client/v3/refresh", Some(renewal))
        .await
        .refused(401, "M_UNKNOWN_TOKEN");
    server.log_in("alice", "alice-password").await.refused(403, "M_USER_DEACTIVATED");
    // The name stays taken for ever.
    let again = json!({"username": "alice", "password": "correct horse", "auth": {"type": "m.login.dummy"}});
    let server = server.crash_and_restart().await;
    server.anonymous("POST", "/_matrix/client/v3/register", Some(again)).await.refused(400, "M_USER_IN_USE");
    server.log_in("alice", "alice-password").await.refused(403, "M_USER_DEACTIVATED");
    server.refuses_token(&alice.token).await;
    let bob = server.register("bob").await;
    bob.get(&format!("/profile/{}", encode(&alice.id))).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn rooms_and_invites_are_left() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = bob.create_room(json!({"preset": "private_chat", "invite": [alice.id]})).await;
    alice.join(&room).await.ok();
    let invited = bob.create_room(json!({"preset": "private_chat", "invite": [alice.id]})).await;
    alice.call_with_password("POST", PATH, json!({})).await.ok();
    for room in [&room, &invited] {
        let path = format!("/rooms/{}/state/m.room.member/{}", encode(room), encode(&alice.id));
        let member = bob.get(&path).await.ok();
        assert_eq!(member["membership"], "leave", "in {room}");
        assert!(member["displayname"].is_null() && member["avatar_url"].is_null(), "{member}");
    }
    bob.invite(&room, &alice).await.is_sound();
    let found = bob.post("/user_directory/search", json!({"search_term": "alice"})).await.ok();
    assert_eq!(found["results"], json!([]));
}

#[tokio::test]
async fn the_password_is_asked_for() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let session = alice.post(PATH, json!({})).await.challenged(FLOWS);
    let mut wrong = alice.proof(&session);
    wrong["password"] = "wrong".into();
    alice.post(PATH, json!({"auth": wrong})).await.unconvinced("M_FORBIDDEN", FLOWS);
    alice.post(PATH, json!({"auth": bob.proof(&session)})).await.refused(403, "M_FORBIDDEN");
    bob.post(PATH, json!({"auth": bob.proof(&session)})).await.refused(403, "M_FORBIDDEN");
    alice.is_logged_in().await;
    bob.is_logged_in().await;
    let guest = server.register_guest().await;
    guest.post(PATH, json!({})).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    alice.post(PATH, json!({"erase": "yes"})).await.refused(400, "M_BAD_JSON");
}
