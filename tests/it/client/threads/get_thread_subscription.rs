//! `GET /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription`

use serde_json::json;

use super::{subscription, thread};
use crate::harness::Server;

#[tokio::test]
async fn a_subscription_is_shown_to_whose_it_is() {
    let server = Server::start().await;
    let (alice, bob, room, root, answer) = thread(&server).await;
    let path = subscription(&room, &root);
    alice.get(&path).await.refused(404, "M_NOT_FOUND");
    alice.put(&path, json!({})).await.ok();
    bob.put(&path, json!({"automatic": answer})).await.ok();
    assert_eq!(alice.get(&path).await.ok(), json!({"automatic": false}));
    assert_eq!(bob.get(&path).await.ok(), json!({"automatic": true}));
    alice.get(&subscription(&room, "$nothing")).await.refused(404, "M_NOT_FOUND");
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
