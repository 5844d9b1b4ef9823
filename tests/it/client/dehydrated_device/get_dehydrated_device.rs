//! `GET /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device`

use serde_json::json;

use super::{PATH, device};
use crate::harness::Server;

#[tokio::test]
async fn the_device_is_handed_to_its_owner() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    alice.get(PATH).await.refused(404, "M_NOT_FOUND");
    let left = device(&alice, "dry", 1);
    alice.put(PATH, left.clone()).await.ok();
    let server = server.restart().await;
    let expected = json!({"device_id": "dry", "device_data": left["device_data"]});
    assert_eq!(alice.on(&server).get(PATH).await.ok(), expected);
    bob.on(&server).get(PATH).await.refused(404, "M_NOT_FOUND");
    server.anonymous("GET", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}
