//! `DELETE /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription`

use serde_json::json;

use super::{subscription, thread};
use crate::harness::Server;

#[tokio::test]
async fn a_subscription_ends() {
    let server = Server::start().await;
    let (alice, bob, room, root, _) = thread(&server).await;
    let path = subscription(&room, &root);
    // What is not there is as good as ended.
    alice.delete(&path).await.ok();
    alice.put(&path, json!({})).await.ok();
    bob.put(&path, json!({})).await.ok();
    alice.delete(&path).await.ok();
    alice.delete(&path).await.ok();
    alice.get(&path).await.refused(404, "M_NOT_FOUND");
    bob.get(&path).await.ok();
    alice.delete(&subscription(&room, "$nothing")).await.refused(404, "M_NOT_FOUND");
    let eve = server.register("eve").await;
    eve.delete(&path).await.refused(404, "M_NOT_FOUND");
    server.anonymous("DELETE", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
