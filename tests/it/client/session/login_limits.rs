//! How often somebody may try to log in.

use serde_json::json;

use super::{login, with_password};
use crate::harness::{Answer, Server};

#[track_caller]
fn limited(answer: Answer) {
    let seconds: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds >= 1, "{answer:?}");
    let body = answer.refused(429, "M_LIMIT_EXCEEDED");
    let pause_ms = body["retry_after_ms"].as_u64().unwrap();
    assert!(pause_ms > 0 && pause_ms <= seconds * 1000, "{pause_ms} ms, {seconds} s");
}

#[tokio::test]
async fn passwords_cannot_be_found_by_trying() {
    let more = "[rate_limits]\nlogin_failed_per_account = { per_second = 0.001, burst = 3 }\n\
                login_per_address = { per_second = 100, burst = 100 }\n\
                login_per_account = { per_second = 100, burst = 100 }\n";
    let server = Server::start_with(more).await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    for _ in 0..3 {
        login(&server, with_password("alice", "wrong")).await.refused(403, "M_FORBIDDEN");
    }
    // The right password is as good as a wrong one now, and so is every other name of the account.
    limited(login(&server, with_password("alice", "alice-password")).await);
    limited(login(&server, with_password("@ALICE:localhost", "wrong")).await);
    // Neither does another endpoint help.
    let path = "/account/deactivate";
    let session = alice.post(path, json!({})).await.challenged(&[&["m.login.password"]]);
    limited(alice.post(path, json!({"auth": alice.proof(&session)})).await);
    // Others are not concerned, nor is whoever is logged in.
    login(&server, with_password("bob", "bob-password")).await.ok();
    alice.is_logged_in().await;
    bob.is_logged_in().await;
    // A name that nobody has does not show itself by having no limit.
    for _ in 0..3 {
        login(&server, with_password("nobody", "wrong")).await.refused(403, "M_FORBIDDEN");
    }
    limited(login(&server, with_password("nobody", "wrong")).await);
}

#[tokio::test]
async fn logins_are_counted_by_address() {
    // No proxy is in between.
    let more = "[[listeners]]\naddress = \"127.0.0.1:$PORT\"\ntrusted_proxies = []\n\
                [rate_limits]\nlogin_per_address = { per_second = 0.001, burst = 2 }\n";
    let server = Server::start_with(more).await;
    server.register("alice").await;
    login(&server, with_password("alice", "alice-password")).await.ok();
    login(&server, with_password("nobody", "wrong")).await.refused(403, "M_FORBIDDEN");
    limited(login(&server, with_password("alice", "alice-password")).await);
    // What the address is, nobody can say of themselves unless the operator trusts them.
    let request = server.http.post(format!("{}/_matrix/client/v3/login", server.base));
    let request =
        request.header("x-forwarded-for", "192.0.2.1").json(&with_password("alice", "alice-password"));
    assert_eq!(request.send().await.unwrap().status().as_u16(), 429);
}

#[tokio::test]
async fn registrations_are_counted_by_address() {
    let more = "[rate_limits]\nregistration = { per_second = 0.001, burst = 2 }\n";
    let server = Server::start_with(more).await;
    let alice = server.register("alice").await;
    server.register("bob").await;
    let body = json!({"username": "carol", "password": "carol-password", "auth": {"type": "m.login.dummy"}});
    limited(server.anonymous("POST", "/_matrix/client/v3/register", Some(body.clone())).await);
    limited(alice.post("/register", body).await);
}
