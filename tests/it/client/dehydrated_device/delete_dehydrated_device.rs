//! `DELETE /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device`

use serde_json::json;

use super::{PATH, device};
use crate::harness::Server;

#[tokio::test]
async fn the_device_goes_with_its_keys() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    alice.put(PATH, device(&alice, "dry", 1)).await.ok();
    bob.delete(PATH).await.refused(404, "M_NOT_FOUND");
    assert_eq!(alice.delete(PATH).await.ok(), json!({"device_id": "dry"}));
    alice.delete(PATH).await.refused(404, "M_NOT_FOUND");
    alice.get("/devices/dry").await.refused(404, "M_NOT_FOUND");
    assert_eq!(bob.keys_of(&alice.id).await["device_keys"][&alice.id], json!({}));
    // Deleted as one of the devices, it is not there any more either.
    alice.put(PATH, device(&alice, "dry", 1)).await.ok();
    alice.call_with_password("DELETE", "/devices/dry", json!({})).await.ok();
    alice.get(PATH).await.refused(404, "M_NOT_FOUND");
    server.anonymous("DELETE", PATH, None).await.refused(401, "M_MISSING_TOKEN");
}
