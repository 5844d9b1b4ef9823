//! `GET /_synapse/admin/v1/register`

use super::PATH;
use crate::harness::Server;

#[tokio::test]
async fn each_nonce_is_another() {
    let server = Server::start().await;
    let first = server.anonymous("GET", PATH, None).await.ok();
    let second = server.anonymous("GET", PATH, None).await.ok();
    assert!(first["nonce"].as_str().unwrap().len() >= 16, "{first}");
    assert_ne!(first["nonce"], second["nonce"]);
    server.anonymous("PUT", PATH, None).await.refused(405, "M_UNRECOGNIZED");
}

#[tokio::test]
async fn without_a_secret_there_is_no_nonce() {
    let server = Server::start_with("[registration]\nmode = \"open\"\n").await;
    server.anonymous("GET", PATH, None).await.refused(400, "M_UNKNOWN");
}
