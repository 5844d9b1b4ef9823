//! `GET /_matrix/client/v3/register/available`

use serde_json::json;

use crate::harness::{Answer, Server, encode};

async fn ask(server: &Server, name: &str) -> Answer {
    let path = format!("/_matrix/client/v3/register/available?username={}", encode(name));
    server.anonymous("GET", &path, None).await
}

#[tokio::test]
async fn names_that_can_be_had_are_told_from_others() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    assert_eq!(ask(&server, "bob").await.ok(), json!({"available": true}));
    for name in ["alice", "ALICE"] {
        ask(&server, name).await.refused(400, "M_USER_IN_USE");
    }
    for name in ["", "two words", "ü", "123", "_bridged", &"x".repeat(300)] {
        ask(&server, name).await.refused(400, "M_INVALID_USERNAME");
    }
    server
        .anonymous("GET", "/_matrix/client/v3/register/available", None)
        .await
        .refused(400, "M_MISSING_PARAM");
    // Nobody inherits a name.
    alice.call_with_password("POST", "/account/deactivate", json!({})).await.ok();
    ask(&server, "alice").await.refused(400, "M_USER_IN_USE");
}

#[tokio::test]
async fn closed_servers_say_nothing() {
    let server = Server::start_with("[registration]\nmode = \"closed\"\n").await;
    ask(&server, "alice").await.refused(403, "M_FORBIDDEN");
}
