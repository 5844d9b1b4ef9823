//! `POST /_matrix/client/v1/login/get_token`

use serde_json::{Value, json};

use super::login;
use crate::harness::{Server, User};

const PATH: &str = "/_matrix/client/v1/login/get_token";

fn with_token(token: &Value) -> Value {
    json!({"type": "m.login.token", "token": token, "device_id": "LAPTOP"})
}

#[tokio::test]
async fn another_device_logs_in_with_a_token_once() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let answer = alice.call_with_password("POST", PATH, json!({})).await.ok();
    assert_eq!(answer["expires_in_ms"], 120_000);
    let token = &answer["login_token"];
    // It lets one log in, and is no access token.
    server.refuses_token(token.as_str().unwrap()).await;
    let laptop = User::from_login(&server, &login(&server, with_token(token)).await.ok());
    assert_eq!((&laptop.id, laptop.device.as_str()), (&alice.id, "LAPTOP"));
    laptop.is_logged_in().await;
    alice.is_logged_in().await;
    login(&server, with_token(token)).await.refused(403, "M_FORBIDDEN");
    login(&server, with_token(&json!("made up"))).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn of_several_who_hold_a_token_one_gets_in() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let answer = alice.call_with_password("POST", PATH, json!({})).await.ok();
    let body = json!({"type": "m.login.token", "token": answer["login_token"]});
    let answers = futures_util::future::join_all((0..8).map(|_| login(&server, body.clone()))).await;
    let inside = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(inside, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.body["errcode"] == "M_FORBIDDEN"));
}

#[tokio::test]
async fn the_password_is_asked_for() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    const FLOWS: &[&[&str]] = &[&["m.login.password"]];
    let session = alice.post(PATH, json!({})).await.challenged(FLOWS);
    let mut wrong = alice.proof(&session);
    wrong["password"] = "wrong".into();
    alice.post(PATH, json!({"auth": wrong})).await.unconvinced("M_FORBIDDEN", FLOWS);
    // Another user's password proves nothing about this one.
    alice.post(PATH, json!({"auth": bob.proof(&session)})).await.refused(403, "M_FORBIDDEN");
    // Nor does another user's session.
    bob.post(PATH, json!({"auth": bob.proof(&session)})).await.refused(403, "M_FORBIDDEN");
    alice.post(PATH, json!({"auth": alice.proof(&session)})).await.ok();
    // A session is good for one use.
    alice.post(PATH, json!({"auth": alice.proof(&session)})).await.unconvinced("M_FORBIDDEN", FLOWS);
    let guest = server.register_guest().await;
    guest.post(PATH, json!({})).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    server.anonymous("POST", PATH, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn whoever_logs_everybody_out_takes_the_tokens_back() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let make = async || alice.call_with_password("POST", PATH, json!({})).await.ok()["login_token"].take();
    let kept = make().await;
    let body = json!({"new_password": "alice-password", "logout_devices": false});
    alice.call_with_password("POST", "/account/password", body).await.ok();
    login(&server, with_token(&kept)).await.ok();
    let lost = make().await;
    let body = json!({"new_password": "alice-password"});
    alice.call_with_password("POST", "/account/password", body).await.ok();
    login(&server, with_token(&lost)).await.refused(403, "M_FORBIDDEN");
    let lost = make().await;
    alice.post("/logout/all", json!({})).await.ok();
    login(&server, with_token(&lost)).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn a_token_of_a_closed_account_is_worth_nothing() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let answer = alice.call_with_password("POST", PATH, json!({})).await.ok();
    alice.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    login(&server, with_token(&answer["login_token"])).await.refused(403, "M_FORBIDDEN");
}
