//! `GET /_matrix/key/v2/server`

use crate::harness::{Server, is_signed, now_ms};

#[tokio::test]
async fn the_keys_are_published_and_signed() {
    let server = Server::start().await;
    let keys = server.anonymous("GET", "/_matrix/key/v2/server", None).await.ok();
    assert_eq!(keys["server_name"], "localhost");
    assert!(keys["valid_until_ts"].as_u64().unwrap() > now_ms());
    let (key_id, key) = keys["verify_keys"].as_object().unwrap().iter().next().unwrap();
    assert!(is_signed(&keys, "localhost", key_id, key["key"].as_str().unwrap()));
    // Servers of old name the key they look for; they get the same.
    let path = format!("/_matrix/key/v2/server/{key_id}");
    let named = server.anonymous("GET", &path, None).await.ok();
    assert_eq!(named["verify_keys"], keys["verify_keys"]);
    // The key stays over a restart.
    let verify_keys = keys["verify_keys"].clone();
    let server = server.restart().await;
    let keys = server.anonymous("GET", "/_matrix/key/v2/server", None).await.ok();
    assert_eq!(keys["verify_keys"], verify_keys);
}

#[tokio::test]
async fn a_server_that_keeps_to_itself_has_none_to_tell() {
    let server = Server::start_with("[federation]\nenabled = false\n").await;
    server.anonymous("GET", "/_matrix/key/v2/server", None).await.refused(403, "M_FORBIDDEN");
}
