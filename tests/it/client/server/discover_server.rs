//! `GET /.well-known/matrix/server`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/.well-known/matrix/server";

#[tokio::test]
async fn other_servers_are_told_the_way() {
    let server = Server::start_with("[well_known]\nserver = \"matrix.example.org:443\"\n").await;
    let answer = server.anonymous("GET", PATH, None).await.ok();
    assert_eq!(answer, json!({"m.server": "matrix.example.org:443"}));
}

#[tokio::test]
async fn a_server_under_its_own_name_has_nothing_to_say() {
    let server = Server::start().await;
    server.anonymous("GET", PATH, None).await.refused(404, "M_NOT_FOUND");
}
