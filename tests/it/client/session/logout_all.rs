//! `POST /_matrix/client/v3/logout/all`

use serde_json::json;

use super::{login, pair, refresh, with_password};
use crate::harness::Server;

const PATH: &str = "/logout/all";

#[tokio::test]
async fn every_session_ends() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = alice.log_in_again(&server, "PHONE").await;
    let mut body = with_password("alice", "alice-password");
    body["refresh_token"] = true.into();
    let (access, renewal) = pair(&login(&server, body).await.ok());
    phone.post(PATH, json!({})).await.ok();
    for token in [&alice.token, &phone.token, &access] {
        server.refuses_token(token).await;
    }
    refresh(&server, &renewal).await.refused(401, "M_UNKNOWN_TOKEN");
    bob.is_logged_in().await;
    let alice = alice.log_in_again(&server, "NEW").await;
    let devices = alice.get("/devices").await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1, "{devices}");
    assert_eq!(devices["devices"][0]["device_id"], "NEW");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
