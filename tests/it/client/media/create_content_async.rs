//! `PUT /_matrix/media/v3/upload/{serverName}/{mediaId}`

use serde_json::json;

use super::path;
use crate::harness::{Server, media_path};

#[tokio::test]
async fn an_announced_file_arrives() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let uri = alice.announce().await;
    // Bob waits for it.
    let waiting = {
        let (bob, uri) = (bob.clone(), uri.clone());
        tokio::spawn(async move { bob.fetch(&uri).await })
    };
    let answer = alice.send_file("PUT", &path("upload", &uri), "text/plain", "hello").await;
    assert_eq!(answer.ok(), json!({}));
    assert_eq!(waiting.await.unwrap().ok().bytes, b"hello");
    let file = bob.fetch(&uri).await.ok();
    assert_eq!(file.header("content-type"), "text/plain");
}

#[tokio::test]
async fn a_file_is_uploaded_once_and_by_who_announced_it() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let uri = alice.announce().await;
    let upload = path("upload", &uri);
    bob.send_file("PUT", &upload, "text/plain", "x").await.refused(403, "M_FORBIDDEN");
    server.anonymous("PUT", &upload, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    alice.send_file("PUT", &upload, "text/plain", "first").await.ok();
    let again = alice.send_file("PUT", &upload, "text/plain", "second").await;
    again.refused(409, "M_CANNOT_OVERWRITE_MEDIA");
    assert_eq!(bob.fetch(&uri).await.ok().bytes, b"first");
    // What was uploaded at once cannot be replaced either.
    let other = path("upload", &alice.upload("text/plain", "third").await);
    let again = alice.send_file("PUT", &other, "text/plain", "fourth").await;
    again.refused(409, "M_CANNOT_OVERWRITE_MEDIA");
}

#[tokio::test]
async fn nothing_else_is_expected() {
    let server =
        Server::start_with("[media]\npending_upload_lifetime_seconds = 1\nupload_bytes_max = 10\n").await;
    let alice = server.register("alice").await;
    for unknown in ["localhost/unknown", "elsewhere.example/unknown", "localhost/..%2f..%2fkith.toml"] {
        let upload = format!("/_matrix/media/v3/upload/{unknown}");
        alice.send_file("PUT", &upload, "text/plain", "x").await.refused(404, "M_NOT_FOUND");
    }
    let upload = "/_matrix/media/v3/upload/not%20a%20server/x";
    alice.send_file("PUT", upload, "text/plain", "x").await.refused(400, "M_INVALID_PARAM");
    let uri = alice.announce().await;
    let large = alice.send_file("PUT", &path("upload", &uri), "text/plain", vec![0; 11]).await;
    large.refused(413, "M_TOO_LARGE");
    // What is announced does not stay so for ever.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let late = alice.send_file("PUT", &path("upload", &uri), "text/plain", "x").await;
    late.refused(404, "M_NOT_FOUND");
    alice
        .download(&format!("{}?timeout_ms=0", media_path("download", &uri)))
        .await
        .refused(404, "M_NOT_FOUND");
}
