//! `GET /_matrix/client/v3/account/whoami`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/_matrix/client/v3/account/whoami";

#[tokio::test]
async fn a_token_says_whose_it_is() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let mut answer = alice.get(PATH).await.ok();
    let expected = answer.clone();
    // Whether one is a guest need not be said of those who are none.
    assert_ne!(answer.as_object_mut().unwrap().remove("is_guest"), Some(json!(true)));
    assert_eq!(answer, json!({"user_id": "@alice:localhost", "device_id": "ALICEDEVICE"}));
    // Deprecated, and still what some clients send.
    let query = format!("{PATH}?access_token={}", alice.token);
    assert_eq!(server.anonymous("GET", &query, None).await.ok(), expected);
}

#[tokio::test]
async fn without_a_valid_token_nobody_is_anybody() {
    let server = Server::start().await;
    server.register("alice").await;
    let refused = server.anonymous("GET", PATH, None).await;
    // Web clients must be able to read why.
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    refused.refused(401, "M_MISSING_TOKEN");
    let refusal = server.refuses_token("made up").await;
    assert_ne!(refusal["soft_logout"], true);
    assert_eq!(server.with_token("", "GET", PATH, None).await.status, 401);
    let basic = server.http.get(format!("{}{PATH}", server.base)).basic_auth("alice", Some("alice-password"));
    let answer = basic.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    let body: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["errcode"], "M_MISSING_TOKEN");
}
