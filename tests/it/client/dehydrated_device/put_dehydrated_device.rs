//! `PUT /_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device`

use serde_json::json;

use super::{PATH, device};
use crate::harness::Server;

#[tokio::test]
async fn a_device_is_left_and_replaced() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let features = server.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    assert_eq!(features["unstable_features"]["org.matrix.msc3814"], true);
    assert_eq!(alice.put(PATH, device(&alice, "dry1", 1)).await.ok(), json!({"device_id": "dry1"}));
    let claim = json!({"one_time_keys": {&alice.id: {"dry1": "signed_curve25519"}}});
    let claimed = bob.post("/keys/claim", claim).await.ok();
    assert_eq!(claimed["one_time_keys"][&alice.id]["dry1"]["signed_curve25519:AAAA"]["key"], "dry1");
    alice.put(PATH, device(&alice, "dry2", 2)).await.ok();
    // The same one again.
    alice.put(PATH, device(&alice, "dry2", 2)).await.ok();
    let seen = bob.keys_of(&alice.id).await;
    let devices = seen["device_keys"][&alice.id].as_object().unwrap();
    assert_eq!(devices.keys().collect::<Vec<_>>(), ["dry2"]);
    assert_eq!(alice.get("/devices/dry2").await.ok()["display_name"], "dehydrated");
    alice.get("/devices/dry1").await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_device_of_ones_own_is_refused() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    bob.put(PATH, device(&alice, "dry", 1)).await.refused(400, "M_INVALID_PARAM");
    alice.put(PATH, device(&alice, "ALICEDEVICE", 1)).await.refused(400, "M_INVALID_PARAM");
    alice.is_logged_in().await;
    let mut broken = device(&alice, "dry", 1);
    broken["device_id"] = "wet".into();
    alice.put(PATH, broken).await.refused(400, "M_INVALID_PARAM");
    for member in ["device_id", "device_data", "device_keys"] {
        let mut broken = device(&alice, "dry", 1);
        broken.as_object_mut().unwrap().remove(member);
        alice.put(PATH, broken).await.refused(400, "M_BAD_JSON");
    }
    server.anonymous("PUT", PATH, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    alice.get(PATH).await.refused(404, "M_NOT_FOUND");
}
