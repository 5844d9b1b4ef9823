//! `GET /_matrix/federation/v1/version`

use crate::harness::Server;

#[tokio::test]
async fn everybody_may_know_what_runs_here() {
    let server = Server::start().await;
    let answer = server.anonymous("GET", "/_matrix/federation/v1/version", None).await.ok();
    assert_eq!(answer["server"]["name"], "Kith");
    let version = answer["server"]["version"].as_str().unwrap();
    assert!(version.split('.').count() == 3, "{version}");
    server.anonymous("POST", "/_matrix/federation/v1/version", None).await.refused(405, "M_UNRECOGNIZED");
    server.anonymous("GET", "/_matrix/federation/v1/nonsense", None).await.refused(404, "M_UNRECOGNIZED");
}
