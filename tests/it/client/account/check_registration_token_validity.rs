//! `GET /_matrix/client/v1/register/m.login.registration_token/validity`, and what tokens are for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::register;
use crate::harness::{Answer, SHARED_SECRET, Server, User};

const FLOWS: &[&[&str]] = &[&["m.login.registration_token"]];

async fn start() -> (Server, User) {
    let more = format!("[registration]\nmode = \"token\"\nshared_secret = \"{SHARED_SECRET}\"\n");
    let server = Server::start_with(&more).await;
    let admin = server.register_by_secret("admin", true).await;
    (server, admin)
}

async fn make(admin: &User, wish: Value) {
    admin.post("/_synapse/admin/v1/registration_tokens/new", wish).await.ok();
}

async fn is_valid(server: &Server, token: &str) -> bool {
    let path = format!("/_matrix/client/v1/register/m.login.registration_token/validity?token={token}");
    let answer = server.anonymous("GET", &path, None).await.ok();
    answer["valid"].as_bool().unwrap()
}

async fn register_with(server: &Server, name: &str, token: &str) -> Answer {
    let auth = json!({"type": "m.login.registration_token", "token": token});
    register(server, json!({"username": name, "password": "correct horse", "auth": auth})).await
}

#[tokio::test]
async fn a_token_is_good_for_so_many_accounts() {
    let (server, admin) = start().await;
    make(&admin, json!({"token": "twice", "uses_allowed": 2})).await;
    assert!(is_valid(&server, "twice").await);
    register(&server, json!({"username": "alice", "password": "correct horse"})).await.challenged(FLOWS);
    register_with(&server, "alice", "wrong").await.unconvinced("M_UNAUTHORIZED", FLOWS);
    register_with(&server, "alice", "twice").await.ok();
    // An attempt that is refused for its name costs nothing.
    register_with(&server, "alice", "twice").await.refused(400, "M_USER_IN_USE");
    assert!(is_valid(&server, "twice").await);
    register_with(&server, "bob", "twice").await.ok();
    assert!(!is_valid(&server, "twice").await);
    register_with(&server, "carol", "twice").await.unconvinced("M_UNAUTHORIZED", FLOWS);
    // The dummy stage is not offered here.
    let auth = json!({"type": "m.login.dummy"});
    let body = json!({"username": "carol", "password": "correct horse", "auth": auth});
    register(&server, body).await.unconvinced("M_UNRECOGNIZED", FLOWS);
}

#[tokio::test]
async fn many_at_once_do_not_outwit_a_token() {
    let (server, admin) = start().await;
    make(&admin, json!({"token": "three", "uses_allowed": 3})).await;
    let names: Vec<String> = (0..8).map(|number| format!("user{number}")).collect();
    let tries = names.iter().map(|name| register_with(&server, name, "three"));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 3, "{answers:?}");
    let found = admin.get("/_synapse/admin/v1/registration_tokens/three").await.ok();
    assert_eq!((&found["pending"], &found["completed"]), (&json!(0), &json!(3)));
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let (server, admin) = start().await;
    let now_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    make(&admin, json!({"token": "soon", "expiry_time": now_ms + 1500})).await;
    make(&admin, json!({"token": "later", "expiry_time": now_ms + 3_600_000})).await;
    assert!(is_valid(&server, "soon").await);
    tokio::time::sleep(Duration::from_millis(1600)).await;
    assert!(!is_valid(&server, "soon").await);
    register_with(&server, "alice", "soon").await.unconvinced("M_UNAUTHORIZED", FLOWS);
    register_with(&server, "alice", "later").await.ok();
}

#[tokio::test]
async fn unknown_and_withdrawn_tokens_are_not_valid() {
    let (server, admin) = start().await;
    assert!(!is_valid(&server, "unknown").await);
    assert!(!is_valid(&server, "").await);
    make(&admin, json!({"token": "gone"})).await;
    assert!(is_valid(&server, "gone").await);
    admin.delete("/_synapse/admin/v1/registration_tokens/gone").await.ok();
    assert!(!is_valid(&server, "gone").await);
    let path = "/_matrix/client/v1/register/m.login.registration_token/validity";
    server.anonymous("GET", path, None).await.refused(400, "M_MISSING_PARAM");
}

#[tokio::test]
async fn trying_is_limited_and_closed_servers_say_nothing() {
    let limited =
        Server::start_with("[rate_limits]\nregistration_token = { per_second = 0.001, burst = 2 }\n").await;
    assert!(!is_valid(&limited, "a").await);
    assert!(!is_valid(&limited, "b").await);
    let path = "/_matrix/client/v1/register/m.login.registration_token/validity?token=c";
    limited.anonymous("GET", path, None).await.refused(429, "M_LIMIT_EXCEEDED");
    drop(limited);
    let closed = Server::start_with("[registration]\nmode = \"closed\"\n").await;
    closed.anonymous("GET", path, None).await.refused(403, "M_FORBIDDEN");
}
