//! `POST /_matrix/client/unstable/sso/backchannel_logout/{idpId}`

use serde_json::json;

use super::{TRUSTING, sign_on};
use crate::harness::{Answer, Browser, IdentityProvider, Page, Server};

async fn log_out(server: &Server, id: &str, token: &str) -> Page {
    let path = format!("/_matrix/client/unstable/sso/backchannel_logout/{id}");
    Browser::new(server).submit(&path, &format!("logout_token={token}")).await
}

#[tokio::test]
async fn whoever_logs_out_there_is_logged_out_here() {
    let service = IdentityProvider::start().await;
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    let claims = |session: &str| json!({"sub": "1", "preferred_username": "alice", "sid": session});
    let phone = sign_on(&server, &service, claims("a"), "PHONE").await;
    let laptop = sign_on(&server, &service, claims("b"), "LAPTOP").await;
    let desktop = sign_on(&server, &service, claims("b"), "DESKTOP").await;
    let bob = json!({"sub": "2", "preferred_username": "bob", "sid": "a"});
    let bob = sign_on(&server, &service, bob, "PHONE").await;

    let token = service.logout_token(|claims| {
        claims["sub"] = json!("1");
        claims["sid"] = json!("a");
    });
    assert_eq!(log_out(&server, "one", &token).await.status, 200);
    server.refuses_token(&phone.token).await;
    laptop.is_logged_in().await;
    bob.is_logged_in().await;
    // By the session alone.
    let token = service.logout_token(|claims| claims["sid"] = json!("b"));
    assert_eq!(log_out(&server, "one", &token).await.status, 200);
    server.refuses_token(&laptop.token).await;
    server.refuses_token(&desktop.token).await;
    // By the person alone.
    let token = service.logout_token(|claims| claims["sub"] = json!("2"));
    assert_eq!(log_out(&server, "one", &token).await.status, 200);
    server.refuses_token(&bob.token).await;
}

#[tokio::test]
async fn nobody_else_logs_people_out() {
    let (service, other) = (IdentityProvider::start().await, IdentityProvider::start().await);
    let server = Server::start_with(&format!("{TRUSTING}{}", service.config("one"))).await;
    let alice = json!({"sub": "1", "preferred_username": "alice", "sid": "a"});
    let alice = sign_on(&server, &service, alice, "PHONE").await;
    let subject = |claims: &mut serde_json::Value| claims["sub"] = json!("1");
    let tokens = [
        String::from("garbage"),
        other.logout_token(subject),
        service.logout_token(|_| ()),
        service.logout_token(|claims| {
            subject(claims);
            claims["events"] = json!({});
        }),
        service.logout_token(|claims| {
            subject(claims);
            claims["nonce"] = json!("n");
        }),
        service.logout_token(|claims| {
            subject(claims);
            claims["aud"] = json!("another client");
        }),
    ];
    for token in tokens {
        assert_eq!(log_out(&server, "one", &token).await.status, 400, "{token}");
    }
    assert_eq!(log_out(&server, "two", &service.logout_token(subject)).await.status, 400);
    let path = "/_matrix/client/unstable/sso/backchannel_logout/one";
    let answer: Answer = server.anonymous("POST", path, Some(json!({}))).await;
    answer.refused(400, "M_MISSING_PARAM");
    alice.is_logged_in().await;
}
