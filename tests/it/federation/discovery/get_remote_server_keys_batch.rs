//! `POST /_matrix/key/v2/query`

use serde_json::{Value, json};

use crate::harness::{Peer, start_federating};

const PATH: &str = "/_matrix/key/v2/query";

#[tokio::test]
async fn several_servers_can_be_asked_for_at_once() {
    let server = start_federating("127.0.0.2", "").await;
    let (first, second) = tokio::join!(Peer::start("127.0.0.7"), Peer::start("127.0.0.8"));
    let body = json!({"server_keys": {&first.name: {}, &second.name: {"ed25519:peer": {}}}});
    let answer = server.anonymous("POST", PATH, Some(body)).await.ok();
    let mut names: Vec<&str> = answer["server_keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| document["server_name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, [first.name.as_str(), &second.name]);
}

#[tokio::test]
async fn nobody_is_asked_for_without_end() {
    let server = start_federating("127.0.0.2", "").await;
    let many: Value = (0..5_000).map(|number| (format!("s{number}.example"), json!({}))).collect();
    let refused = server.anonymous("POST", PATH, Some(json!({"server_keys": many}))).await;
    refused.refused(400, "M_INVALID_PARAM");
    server.anonymous("POST", PATH, Some(json!({}))).await.refused(400, "M_BAD_JSON");
}
