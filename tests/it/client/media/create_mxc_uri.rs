//! `POST /_matrix/media/v1/create`

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::path;
use crate::harness::{Server, media_path};

const PATH: &str = "/_matrix/media/v1/create";

#[tokio::test]
async fn uris_are_given_out() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let answer = alice.post(PATH, json!({})).await.ok();
    let uri = answer["content_uri"].as_str().unwrap();
    assert!(uri.starts_with("mxc://localhost/"), "{answer}");
    let expires = Duration::from_millis(answer["unused_expires_at"].as_u64().unwrap());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let lifetime = expires.checked_sub(now).expect("it is in the future");
    assert!(lifetime > Duration::from_secs(3_600) && lifetime < Duration::from_secs(90_000), "{lifetime:?}");
    let unfinished = format!("{}?timeout_ms=0", media_path("download", uri));
    bob.download(&unfinished).await.refused(504, "M_NOT_YET_UPLOADED");
    let thumbnail = format!("{}?timeout_ms=0&width=9&height=9", media_path("thumbnail", uri));
    bob.download(&thumbnail).await.refused(504, "M_NOT_YET_UPLOADED");
}

#[tokio::test]
async fn nobody_announces_without_end() {
    let server = Server::start_with("[media]\npending_uploads_max = 2\n").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let uri = alice.announce().await;
    alice.announce().await;
    let refused = alice.post(PATH, json!({})).await.refused(429, "M_LIMIT_EXCEEDED");
    assert!(refused["retry_after_ms"].as_u64().unwrap() > 0);
    bob.announce().await;
    // Uploading one makes room.
    alice.send_file("PUT", &path("upload", &uri), "text/plain", "x").await.ok();
    alice.announce().await;
}

#[tokio::test]
async fn strangers_and_guests_announce_nothing() {
    let server = Server::start_with("[registration]\nmode = \"open\"\nguests = true\n").await;
    server.anonymous("POST", PATH, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    server.register_guest().await.post(PATH, json!({})).await.refused(403, "M_GUEST_ACCESS_FORBIDDEN");
}
