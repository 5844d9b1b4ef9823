//! `GET /.well-known/matrix/client`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/.well-known/matrix/client";

#[tokio::test]
async fn clients_are_told_where_the_server_is() {
    let server = Server::start_with("public_base_url = \"https://matrix.example.org/\"\n").await;
    let answer = server.anonymous("GET", PATH, None).await;
    // Web clients of other sites read it too.
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.ok(), json!({"m.homeserver": {"base_url": "https://matrix.example.org"}}));
    // A login says the same.
    let alice = server.register("alice").await;
    let login = server.log_in("alice", &alice.password()).await.ok();
    assert_eq!(login["well_known"]["m.homeserver"]["base_url"], "https://matrix.example.org");
    server.anonymous("POST", PATH, None).await.refused(405, "M_UNRECOGNIZED");
}

#[tokio::test]
async fn what_is_configured_for_clients_comes_first() {
    let more =
        "public_base_url = \"https://a.example.org\"\n[well_known]\nclient = \"https://b.example.org\"\n";
    let server = Server::start_with(more).await;
    let answer = server.anonymous("GET", PATH, None).await.ok();
    assert_eq!(answer["m.homeserver"]["base_url"], "https://b.example.org");
}

#[tokio::test]
async fn a_server_that_does_not_know_says_so() {
    let server = Server::start().await;
    server.anonymous("GET", PATH, None).await.refused(404, "M_NOT_FOUND");
    let alice = server.register("alice").await;
    let login = server.log_in("alice", &alice.password()).await.ok();
    assert!(login.get("well_known").is_none(), "{login}");
}
