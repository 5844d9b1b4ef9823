//! `GET /_matrix/federation/v1/publicRooms`

use serde_json::json;

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, start_federating},
};

const PATH: &str = "/_matrix/federation/v1/publicRooms";

#[tokio::test]
async fn published_rooms_are_listed_in_pages() {
    let server = start_federating("127.0.0.2", "").await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let peer = Peer::start("127.0.0.7").await;
    let published = |name: &str| json!({"preset": "public_chat", "visibility": "public", "name": name});
    let (small, large) =
        (alice.create_room(published("small")).await, alice.create_room(published("large")).await);
    alice.create_room(json!({"preset": "public_chat", "name": "not published"})).await;
    bob.join(&large).await.ok();
    let first = peer.get(&server, &format!("{PATH}?limit=1")).await.ok();
    assert_eq!((&first["chunk"][0]["room_id"], &first["chunk"][0]["name"]), (&json!(large), &json!("large")));
    assert_eq!(first["total_room_count_estimate"], 2);
    let since = first["next_batch"].as_str().unwrap();
    let second = peer.get(&server, &format!("{PATH}?limit=1&since={since}")).await.ok();
    assert_eq!(second["chunk"][0]["room_id"], small.as_str());
    assert!(second["next_batch"].is_null() && second["prev_batch"].is_string());
    peer.get(&server, &format!("{PATH}?since=nonsense")).await.refused(400, "M_INVALID_PARAM");
    checks_signature(&server, &peer, "GET", PATH, None).await;
}

#[tokio::test]
async fn operators_may_keep_the_directory_to_their_users() {
    let server = start_federating("127.0.0.2", "[rooms]\ndirectory_for_other_servers = false\n").await;
    let peer = Peer::start("127.0.0.7").await;
    peer.get(&server, PATH).await.refused(403, "M_FORBIDDEN");
    peer.ask(&server, "POST", PATH, Some(json!({}))).await.refused(403, "M_FORBIDDEN");
}
