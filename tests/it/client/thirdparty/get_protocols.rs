//! `GET /_matrix/client/v3/thirdparty/protocols`

use serde_json::json;

use super::{THIRD_PARTY, is_for_users_only, network, protocol, queries, shown_protocol};
use crate::harness::Server;

#[tokio::test]
async fn every_protocol_is_listed() {
    let (bridge, service, alice) = network().await;
    // Not while the service says nothing of it.
    assert_eq!(alice.get("/thirdparty/protocols").await.ok(), json!({}));
    service.answer(THIRD_PARTY, |_| (200, protocol()));
    for _ in 0..3 {
        assert_eq!(alice.get("/thirdparty/protocols").await.ok(), json!({"irc": shown_protocol()}));
    }
    // What it says is kept for a while.
    assert_eq!(queries(&service, "/protocol/"), ["/protocol/irc", "/protocol/irc"]);
    is_for_users_only(&bridge, "/thirdparty/protocols").await;
}

#[tokio::test]
async fn without_bridges_there_are_none() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    assert_eq!(alice.get("/thirdparty/protocols").await.ok(), json!({}));
}
