//! `/_kith/health`.

use crate::harness::Server;

#[tokio::test]
async fn a_server_says_that_it_is_well() {
    let server = Server::start().await;
    let answer = server.anonymous("GET", "/_kith/health", None).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.ok()["status"], "ok");
    server.anonymous("HEAD", "/_kith/health", None).await.ok();
    server.anonymous("POST", "/_kith/health", None).await.refused(405, "M_UNRECOGNIZED");
}
