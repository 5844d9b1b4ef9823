//! `GET /.well-known/matrix/policy_server`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/.well-known/matrix/policy_server";
const KEY: &str = "6yhHGKhCiXTSEN2ksjV7kX/N6rBQZ3Xb+M7LlC6NS+s";

#[tokio::test]
async fn the_key_of_the_policy_server_is_told() {
    let server = Server::start_with(&format!("[well_known]\npolicy_server_key = \"{KEY}\"\n")).await;
    let answer = server.anonymous("GET", PATH, None).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(answer.ok(), json!({"public_keys": {"ed25519": KEY}}));
}

#[tokio::test]
async fn without_one_there_is_nothing() {
    let server = Server::start().await;
    server.anonymous("GET", PATH, None).await.refused(404, "M_NOT_FOUND");
    server.anonymous("POST", PATH, None).await.refused(405, "M_UNRECOGNIZED");
}
