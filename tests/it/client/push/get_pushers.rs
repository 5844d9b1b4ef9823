//! `GET /_matrix/client/v3/pushers`

use serde_json::{Value, json};

use crate::harness::{Gateway, Server};

const GATEWAY: &str = "https://push.example.org/_matrix/push/v1/notify";

#[tokio::test]
async fn everybody_sees_their_own() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    assert_eq!(alice.get("/pushers").await.ok(), json!({"pushers": []}));
    let data = json!({"url": GATEWAY, "format": "event_id_only", "brand": "Example"});
    let pusher = json!({
        "kind": "http", "app_id": "org.example.app", "pushkey": "key", "app_display_name": "App",
        "device_display_name": "Phone", "profile_tag": "tag", "lang": "de", "data": data,
    });
    alice.post("/pushers/set", pusher.clone()).await.ok();
    let mut expected = pusher;
    expected["org.matrix.msc3881.enabled"] = true.into();
    expected["org.matrix.msc3881.device_id"] = alice.device.clone().into();
    assert_eq!(alice.get("/pushers").await.ok(), json!({"pushers": [expected]}));
    assert_eq!(bob.get("/pushers").await.ok(), json!({"pushers": []}));
    let server = server.crash_and_restart().await;
    assert_eq!(alice.on(&server).get("/pushers").await.ok(), json!({"pushers": [expected]}));
    let features = server.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    assert_eq!(features["unstable_features"]["org.matrix.msc3881"], true);
}

#[tokio::test]
async fn other_devices_see_them_too() {
    let gateway = Gateway::start().await;
    let server = Server::start_with(crate::harness::GATEWAYS).await;
    let alice = server.register("alice").await;
    gateway.serve(&alice, "key").await;
    let laptop = alice.log_in_again(&server, "LAPTOP").await;
    let seen = laptop.get("/pushers").await.ok();
    assert_eq!(seen["pushers"][0]["org.matrix.msc3881.device_id"], *alice.device, "{seen}");
    assert_eq!(seen["pushers"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn strangers_see_nothing() {
    let server = Server::start().await;
    let refused = server.anonymous("GET", "/_matrix/client/v3/pushers", None).await;
    assert_ne!(refused.refused(401, "M_MISSING_TOKEN"), Value::Null);
}
