//! `POST /_matrix/media/v3/upload`

use futures_util::stream;
use serde_json::json;

use crate::harness::{Server, User, encode};

const PATH: &str = "/_matrix/media/v3/upload";

/// A body whose length is not said beforehand.
fn chunked(bytes: usize) -> reqwest::Body {
    let chunks = (0..bytes / 1_000).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1_000]));
    reqwest::Body::wrap_stream(stream::iter(chunks.collect::<Vec<_>>()))
}

#[tokio::test]
async fn a_file_is_there_again() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let uri = alice.upload("text/plain", "hello").await;
    let id = uri.strip_prefix("mxc://localhost/").unwrap();
    assert!(id.len() >= 24, "ids cannot be guessed: {id}");
    assert_eq!(bob.fetch(&uri).await.ok().bytes, b"hello");
    // The same bytes again are another file with a type of its own.
    let again = bob.upload("image/png", "hello").await;
    assert_ne!(uri, again);
    let found = alice.fetch(&again).await.ok();
    assert_eq!((found.bytes.as_slice(), found.header("content-type")), (&b"hello"[..], "image/png"));
    let empty = alice.upload("text/plain", "").await;
    assert_eq!(bob.fetch(&empty).await.ok().bytes, b"");
    // The older path.
    let old = alice.send_file("POST", "/_matrix/media/v1/upload", "text/plain", "old").await.ok();
    assert_eq!(alice.fetch(old["content_uri"].as_str().unwrap()).await.ok().bytes, b"old");
}

#[tokio::test]
async fn files_survive_the_server() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let uri = alice.upload("text/plain", "hello").await;
    let server = server.crash_and_restart().await;
    let alice = alice.on(&server);
    assert_eq!(alice.fetch(&uri).await.ok().bytes, b"hello");
}

#[tokio::test]
async fn strangers_and_guests_upload_nothing() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    server.anonymous("POST", PATH, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    server.with_token("wrong", "POST", PATH, Some(json!({}))).await.refused(401, "M_UNKNOWN_TOKEN");
    let guest = server.register_guest().await;
    guest.send_file("POST", PATH, "text/plain", "x").await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
}

#[tokio::test]
async fn files_have_a_size() {
    let server = Server::start_with("[media]\nupload_bytes_max = 10000\n").await;
    let alice = server.register("alice").await;
    alice.upload("text/plain", vec![b'x'; 10_000]).await;
    let whole = alice.send_file("POST", PATH, "text/plain", vec![b'x'; 10_001]).await;
    whole.refused(413, "M_TOO_LARGE");
    alice.upload("text/plain", chunked(10_000)).await;
    alice.send_file("POST", PATH, "text/plain", chunked(11_000)).await.refused(413, "M_TOO_LARGE");
    assert_eq!(incoming(&server), 0, "what is refused does not stay");
}

#[tokio::test]
async fn users_have_a_quota() {
    let server = Server::start_with("[media]\nuser_bytes_max = 10000\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    alice.upload("text/plain", chunked(6_000)).await;
    let refused = async |user: &User, body: reqwest::Body| {
        user.send_file("POST", PATH, "text/plain", body).await.refused(403, "M_FORBIDDEN");
    };
    refused(&alice, vec![b'x'; 5_000].into()).await;
    refused(&alice, chunked(5_000)).await;
    alice.upload("text/plain", chunked(4_000)).await;
    refused(&alice, "x".into()).await;
    bob.upload("text/plain", chunked(10_000)).await;
}

#[tokio::test]
async fn names_and_types_have_a_length() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let named = async |name: &str, content_type: &str| {
        let path = format!("{PATH}?filename={}", encode(name));
        alice.send_file("POST", &path, content_type, "x").await
    };
    named(&"n".repeat(1_024), "text/plain").await.ok();
    named(&"n".repeat(1_025), "text/plain").await.refused(400, "M_INVALID_PARAM");
    named("n", &format!("text/{}", "x".repeat(250))).await.ok();
    named("n", &format!("text/{}", "x".repeat(251))).await.refused(400, "M_INVALID_PARAM");
}

/// How many uploads lie about that have not ended.
fn incoming(server: &Server) -> usize {
    std::fs::read_dir(server.path().join("data/media/incoming")).unwrap().count()
}
