//! `POST /_matrix/client/v3/delete_devices`

use serde_json::json;

use super::device_ids;
use crate::harness::Server;

const PATH: &str = "/delete_devices";
const FLOWS: &[&[&str]] = &[&["m.login.password"]];

#[tokio::test]
async fn several_devices_go_at_once() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = alice.log_in_again(&server, "PHONE").await;
    let tablet = alice.log_in_again(&server, "TABLET").await;
    let laptop = alice.log_in_again(&server, "LAPTOP").await;
    let body = json!({"devices": ["PHONE", "TABLET", "PHONE", "NONE", "BOBDEVICE"]});
    assert_eq!(alice.call_with_password("POST", PATH, body).await.ok(), json!({}));
    for gone in [&phone, &tablet] {
        server.refuses_token(&gone.token).await;
    }
    for there in [&alice, &laptop, &bob] {
        there.is_logged_in().await;
    }
    assert_eq!(device_ids(&alice).await, ["ALICEDEVICE", "LAPTOP"]);
    alice.call_with_password("POST", PATH, json!({"devices": []})).await.ok();
}

#[tokio::test]
async fn proof_is_read_in_its_old_forms() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for user in ["alice", "@alice:localhost"] {
        let phone = alice.log_in_again(&server, "PHONE").await;
        // An empty proof is none.
        let body = json!({"devices": ["PHONE"], "auth": {}});
        let session = alice.post(PATH, body).await.challenged(FLOWS);
        let auth = json!({"type": "m.login.password", "user": user, "password": "wrong", "session": session});
        let mut body = json!({"devices": ["PHONE"], "auth": auth});
        alice.post(PATH, body.clone()).await.unconvinced("M_FORBIDDEN", FLOWS);
        body["auth"]["password"] = alice.password().into();
        alice.post(PATH, body).await.ok();
        server.refuses_token(&phone.token).await;
    }
    // Proof that comes without having been asked for is as good.
    let mut proof = alice.proof("");
    proof["session"] = json!(null);
    alice.post(PATH, json!({"devices": ["PHONE"], "auth": proof})).await.ok();
}

#[tokio::test]
async fn the_password_is_asked_for_and_once_for_these_devices() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    let session = alice.post(PATH, json!({"devices": ["PHONE"]})).await.challenged(FLOWS);
    let proof = alice.proof(&session);
    let other = json!({"devices": ["PHONE", "ALICEDEVICE"], "auth": proof});
    alice.post(PATH, other).await.refused(403, "M_FORBIDDEN");
    phone.is_logged_in().await;
    alice.post(PATH, json!({"devices": ["PHONE"], "auth": proof})).await.ok();
    server.refuses_token(&phone.token).await;
    for body in [json!({}), json!({"devices": "PHONE"}), json!({"devices": [7]})] {
        alice.post(PATH, body).await.refused(400, "M_BAD_JSON");
    }
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
