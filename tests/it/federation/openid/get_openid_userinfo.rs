//! `GET /_matrix/federation/v1/openid/userinfo`

use serde_json::json;

use crate::harness::{Answer, Server, User, encode};

async fn user_info(server: &Server, token: &str) -> Answer {
    let path = format!("/_matrix/federation/v1/openid/userinfo?access_token={}", encode(token));
    server.anonymous("GET", &path, None).await
}

async fn openid_token(user: &User) -> String {
    let path = format!("/user/{}/openid/request_token", encode(&user.id));
    user.post(&path, json!({})).await.ok()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_third_party_learns_whose_token_it_was_shown() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let token = openid_token(&alice).await;
    // It may be asked more than once: a call asks each of its servers.
    for _ in 0..2 {
        assert_eq!(user_info(&server, &token).await.ok(), json!({"sub": "@alice:localhost"}));
    }
    assert_eq!(user_info(&server, &openid_token(&bob).await).await.ok(), json!({"sub": "@bob:localhost"}));
    // Neither sort of token is good for the other's purpose.
    user_info(&server, &alice.token).await.refused(401, "M_UNKNOWN_TOKEN");
    server.refuses_token(&token).await;
}

#[tokio::test]
async fn tokens_of_nobody_are_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let token = openid_token(&alice).await;
    alice.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    user_info(&server, &token).await.refused(401, "M_UNKNOWN_TOKEN");
    user_info(&server, "made up").await.refused(401, "M_UNKNOWN_TOKEN");
    user_info(&server, "").await.refused(401, "M_UNKNOWN_TOKEN");
    let without = server.anonymous("GET", "/_matrix/federation/v1/openid/userinfo", None).await;
    assert!(without.status == 400 || without.status == 401, "{without:?}");
    without.is_sound();
}
