//! `POST /_matrix/client/v3/account/password`

use serde_json::json;

use crate::harness::{Server, User, password_proof};

const PATH: &str = "/account/password";
const FLOWS: &[&[&str]] = &[&["m.login.password"]];

#[tokio::test]
async fn a_new_password_logs_other_devices_out() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    alice.call_with_password("POST", PATH, json!({"new_password": "battery staple"})).await.ok();
    alice.is_logged_in().await;
    server.refuses_token(&phone.token).await;
    let devices = alice.get("/devices").await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1, "{devices}");
    server.log_in("alice", "alice-password").await.refused(403, "M_FORBIDDEN");
    server.log_in("alice", "battery staple").await.ok();
    let server = server.crash_and_restart().await;
    server.log_in("alice", "alice-password").await.refused(403, "M_FORBIDDEN");
    server.log_in("alice", "battery staple").await.ok();
}

#[tokio::test]
async fn other_devices_may_stay() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    let body = json!({"new_password": "battery staple", "logout_devices": false});
    alice.call_with_password("POST", PATH, body).await.ok();
    alice.is_logged_in().await;
    phone.is_logged_in().await;
    server.log_in("alice", "battery staple").await.ok();
}

#[tokio::test]
async fn the_old_password_is_asked_for() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let wish = |auth: serde_json::Value| json!({"new_password": "battery staple", "auth": auth});
    let session = alice.post(PATH, json!({"new_password": "battery staple"})).await.challenged(FLOWS);
    for password in ["wrong", ""] {
        let proof = password_proof(&alice.id, password, &session);
        alice.post(PATH, wish(proof)).await.unconvinced("M_FORBIDDEN", FLOWS);
    }
    for password in ["bob-password", "alice-password"] {
        let proof = password_proof(&bob.id, password, &session);
        alice.post(PATH, wish(proof)).await.refused(403, "M_FORBIDDEN");
    }
    let dummy = json!({"type": "m.login.dummy", "session": session});
    alice.post(PATH, wish(dummy)).await.unconvinced("M_UNRECOGNIZED", FLOWS);
    // A session is of the one who began it, and for what it was begun for.
    bob.post(PATH, wish(bob.proof(&session))).await.refused(403, "M_FORBIDDEN");
    let other = alice.post("/account/deactivate", json!({})).await.challenged(FLOWS);
    alice.post(PATH, wish(alice.proof(&other))).await.refused(403, "M_FORBIDDEN");
    server.log_in("alice", "alice-password").await.ok();
    alice.post(PATH, wish(alice.proof(&session))).await.ok();

    let guest = server.register_guest().await;
    guest.post(PATH, wish(json!(null))).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
    let path = format!("/_matrix/client/v3{PATH}");
    let nobody = server.anonymous("POST", &path, Some(wish(json!(null)))).await;
    nobody.refused(401, "M_MISSING_TOKEN");
    server.with_token("wrong", "POST", &path, Some(wish(json!(null)))).await.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn the_new_password_is_looked_at_first() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.post(PATH, json!({"new_password": "short"})).await.refused(400, "M_WEAK_PASSWORD");
    alice.post(PATH, json!({"new_password": "x".repeat(100_000)})).await.refused(400, "M_WEAK_PASSWORD");
    alice.post(PATH, json!({"new_password": 12_345_678})).await.refused(400, "M_BAD_JSON");
    alice.post(PATH, json!([])).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{PATH}");
    server.send_text("POST", &path, Some(&alice.token), "{").await.refused(400, "M_NOT_JSON");
    let again = User::from_login(&server, &server.log_in("alice", "alice-password").await.ok());
    again.is_logged_in().await;
}
