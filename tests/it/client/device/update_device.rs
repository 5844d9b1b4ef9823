//! `PUT /_matrix/client/v3/devices/{deviceId}`

use serde_json::json;

use crate::harness::Server;

const PATH: &str = "/devices/ALICEDEVICE";

#[tokio::test]
async fn a_device_gets_a_name() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    assert_eq!(alice.put(PATH, json!({"display_name": "Télé 📱"})).await.ok(), json!({}));
    assert_eq!(alice.get(PATH).await.ok()["display_name"], "Télé 📱");
    // Without a name it keeps the one it has.
    alice.put(PATH, json!({})).await.ok();
    assert_eq!(alice.get(PATH).await.ok()["display_name"], "Télé 📱");
    // Nobody makes a device this way, nor changes another's.
    alice.put("/devices/NEW", json!({"display_name": "x"})).await.refused(404, "M_NOT_FOUND");
    bob.put(PATH, json!({"display_name": "x"})).await.refused(404, "M_NOT_FOUND");
    alice.put(PATH, json!({"display_name": "x".repeat(101)})).await.refused(400, "M_TOO_LARGE");
    alice.put(PATH, json!({"display_name": 7})).await.refused(400, "M_BAD_JSON");
    let server = server.restart().await;
    assert_eq!(alice.on(&server).get(PATH).await.ok()["display_name"], "Télé 📱");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("PUT", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
