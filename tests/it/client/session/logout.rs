//! `POST /_matrix/client/v3/logout`

use serde_json::json;

use super::{login, pair, refresh, with_password};
use crate::harness::Server;

#[tokio::test]
async fn a_session_ends_at_once_and_with_its_device() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    phone.is_logged_in().await;
    assert_eq!(phone.post("/logout", json!({})).await.ok(), json!({}));
    let refusal = server.refuses_token(&phone.token).await;
    assert_ne!(refusal["soft_logout"], true, "the client is to forget its keys");
    phone.post("/logout", json!({})).await.refused(401, "M_UNKNOWN_TOKEN");
    alice.get("/devices/PHONE").await.refused(404, "M_NOT_FOUND");
    alice.is_logged_in().await;
    server.anonymous("POST", "/_matrix/client/v3/logout", None).await.refused(401, "M_MISSING_TOKEN");
    // The token does not come back with the device.
    alice.log_in_again(&server, "PHONE").await.is_logged_in().await;
    server.refuses_token(&phone.token).await;
}

#[tokio::test]
async fn no_token_of_the_session_survives() {
    let server = Server::start().await;
    server.register("alice").await;
    let mut body = with_password("alice", "alice-password");
    body["refresh_token"] = true.into();
    let (old, first) = pair(&login(&server, body).await.ok());
    let (access, second) = pair(&refresh(&server, &first).await.ok());
    let path = "/_matrix/client/v3/logout";
    server.with_token(&old, "POST", path, Some(json!({}))).await.ok();
    server.refuses_token(&old).await;
    server.refuses_token(&access).await;
    refresh(&server, &first).await.refused(401, "M_UNKNOWN_TOKEN");
    refresh(&server, &second).await.refused(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn whoever_waits_in_sync_is_let_go() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    let since = phone.now().await;
    let waiting = {
        let phone = phone.clone();
        tokio::spawn(async move { phone.get(&format!("/sync?timeout=2000&since={since}")).await })
    };
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    phone.post("/logout", json!({})).await.ok();
    // Whether it ends early or by its timeout, it shows nothing and does not fail.
    let answer = waiting.await.unwrap();
    assert!(answer.status == 200 || answer.status == 401, "{answer:?}");
}
