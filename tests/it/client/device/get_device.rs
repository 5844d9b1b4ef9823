//! `GET /_matrix/client/v3/devices/{deviceId}`

use serde_json::json;

use crate::harness::{Server, encode};

#[tokio::test]
async fn a_device_is_seen_by_its_owner() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let device = alice.get("/devices/ALICEDEVICE").await.ok();
    assert_eq!(device["device_id"], "ALICEDEVICE");
    assert_eq!(device["last_seen_ip"], "127.0.0.1");
    // A device without a name has none, rather than nothing for a name.
    assert!(device.get("display_name").is_none(), "{device}");
    alice.get("/devices/NONE").await.refused(404, "M_NOT_FOUND");
    bob.get("/devices/ALICEDEVICE").await.refused(404, "M_NOT_FOUND");
    let path = "/_matrix/client/v3/devices/ALICEDEVICE";
    server.anonymous("GET", path, None).await.refused(401, "M_MISSING_TOKEN");
    // Ids may hold anything; the path says where they end.
    let odd = "a/b ü?&#%";
    let identifier = json!({"type": "m.id.user", "user": "alice"});
    let mut body =
        json!({"type": "m.login.password", "identifier": identifier, "password": "alice-password"});
    body["device_id"] = odd.into();
    server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await.ok();
    assert_eq!(alice.get(&format!("/devices/{}", encode(odd))).await.ok()["device_id"], odd);
}
