//! `GET /_matrix/client/v3/user/{userId}/filter/{filterId}`

use serde_json::json;

use super::store;
use crate::harness::{Server, encode};

#[tokio::test]
async fn a_filter_is_what_it_was() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    // Parts that this server does not know are kept as well.
    let filter = json!({
        "event_fields": ["type", "content", "sender"],
        "event_format": "client",
        "presence": {"not_senders": ["@alice:localhost"], "types": ["m.presence"]},
        "room": {"timeline": {"limit": 10, "org.example.more": {"a": 1}}},
        "org.example.future": true,
    });
    let id = store(&alice, filter.clone()).await;
    let path = format!("/user/{}/filter/{}", encode(&alice.id), encode(&id));
    assert_eq!(alice.get(&path).await.ok(), filter);
    bob.get(&path).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{path}");
    server.anonymous("GET", &open, None).await.refused(401, "M_MISSING_TOKEN");
    bob.get(&format!("/user/{}/filter/{}", encode(&bob.id), encode(&id))).await.refused(404, "M_NOT_FOUND");
    alice.get(&format!("/user/{}/filter/unknown", encode(&alice.id))).await.refused(404, "M_NOT_FOUND");
    let server = server.restart().await;
    assert_eq!(alice.on(&server).get(&path).await.ok(), filter);
}
