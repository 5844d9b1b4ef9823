//! Who may ask at all: signatures, keys, and which servers this one has to do with.

use serde_json::{Value, json};

use super::shared::checks_signature;
use crate::harness::{Peer, now_ms, start_federating};

const QUESTION: &str = "/_matrix/federation/v1/query/profile?user_id=";

async fn question(server: &crate::harness::Server) -> String {
    let alice = server.register("alice").await;
    format!("{QUESTION}{}", crate::harness::encode(&alice.id))
}

#[tokio::test]
async fn a_signature_covers_the_whole_request() {
    let server = start_federating("127.0.0.2", "").await;
    let path = question(&server).await;
    let peer = Peer::start("127.0.0.7").await;
    peer.get(&server, &path).await.ok();
    checks_signature(&server, &peer, "GET", &path, None).await;
    let search = json!({"filter": {"generic_search_term": "é \u{1f600}"}});
    let path = "/_matrix/federation/v1/publicRooms";
    peer.ask(&server, "POST", path, Some(search.clone())).await.ok();
    checks_signature(&server, &peer, "POST", path, Some(search)).await;
}

#[tokio::test]
async fn a_server_speaks_for_itself_only() {
    let server = start_federating("127.0.0.2", "").await;
    let path = question(&server).await;
    let (peer, other) = tokio::join!(Peer::start("127.0.0.7"), Peer::start("127.0.0.8"));
    let header = peer.authorization(&server.name, "GET", &path, None);
    let forged = header.replace(&peer.name, &other.name);
    peer.ask_with(&server, "GET", &path, None, Some(&forged)).await.refused(401, "M_UNAUTHORIZED");
    // Not even as this server itself.
    let forged = header.replace(&peer.name, &server.name);
    peer.ask_with(&server, "GET", &path, None, Some(&forged)).await.refused(403, "M_FORBIDDEN");
    for header in
        ["X-Matrix", "X-Matrix origin=a", "Bearer x", "X-Matrix origin=\"a b\",key=\"ed25519:1\",sig=\"AA\""]
    {
        peer.ask_with(&server, "GET", &path, None, Some(header)).await.refused(401, "M_UNAUTHORIZED");
    }
}

#[tokio::test]
async fn servers_of_old_do_not_name_the_destination() {
    let server = start_federating("127.0.0.2", "").await;
    let path = question(&server).await;
    let peer = Peer::start("127.0.0.7").await;
    let named = format!("destination=\"{}\",", server.name);
    let header = peer.authorization(&server.name, "GET", &path, None).replace(&named, "");
    assert!(!header.contains("destination"));
    peer.ask_with(&server, "GET", &path, None, Some(&header)).await.ok();
}

#[tokio::test]
async fn a_key_that_cannot_be_had_proves_nothing() {
    let server = start_federating("127.0.0.2", "").await;
    let path = question(&server).await;
    let peer = Peer::start("127.0.0.7").await;
    peer.answer("/_matrix/key/v2/server", |_| (500, json!({})));
    peer.get(&server, &path).await.refused(401, "M_UNAUTHORIZED");
    // Keys that are no longer valid may still have signed events, but sign no requests.
    let peer = Peer::start("127.0.0.8").await;
    peer.publish_key(now_ms() - 60_000);
    peer.get(&server, &path).await.refused(401, "M_UNAUTHORIZED");
}

#[tokio::test]
async fn operators_choose_whom_they_have_to_do_with() {
    let (alone, choosy) = tokio::join!(
        start_federating("127.0.0.2", "[federation]\nenabled = false\n"),
        start_federating("127.0.0.3", "[federation]\ndenied_servers = [\"127.0.0.7\"]\n"),
    );
    let (denied, other) = tokio::join!(Peer::start("127.0.0.7"), Peer::start("127.0.0.8"));
    let path = question(&alone).await;
    other.get(&alone, &path).await.refused(403, "M_FORBIDDEN");
    assert!(other.received("/").is_empty(), "a server that keeps to itself asks for no keys");
    let path = question(&choosy).await;
    other.get(&choosy, &path).await.ok();
    denied.get(&choosy, &path).await.refused(403, "M_FORBIDDEN");
    assert!(denied.received("/").is_empty());
}

#[tokio::test]
async fn bodies_are_bounded() {
    let server = start_federating("127.0.0.2", "").await;
    let peer = Peer::start("127.0.0.7").await;
    let path = "/_matrix/federation/v1/publicRooms";
    let mut deep = json!([]);
    for _ in 0..110 {
        deep = json!([deep]);
    }
    peer.ask(&server, "POST", path, Some(json!({"x": deep}))).await.refused(400, "M_BAD_JSON");
    let large = Value::String("x".repeat(17 * 1024 * 1024));
    peer.ask(&server, "POST", path, Some(json!({"x": large}))).await.refused(413, "M_TOO_LARGE");
    let header = peer.authorization(&server.name, "POST", path, None);
    let answer = server
        .http
        .post(format!("{}{path}", server.base))
        .header("authorization", header)
        .body("no JSON")
        .send()
        .await
        .unwrap();
    assert!([400, 401].contains(&answer.status().as_u16()), "{answer:?}");
}
