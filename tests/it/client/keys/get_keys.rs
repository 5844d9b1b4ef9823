//! `POST /_matrix/client/v3/keys/query`

use serde_json::json;

use super::{cross_signing, upload_cross_signing};
use crate::harness::Server;

const PATH: &str = "/keys/query";

#[tokio::test]
async fn devices_are_found_with_their_names() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = alice.log_in_again(&server, "PHONE").await;
    let (laptop, phone_key) = (alice.publish_device(1).await, phone.publish_device(2).await);
    alice.put("/devices/PHONE", json!({"display_name": "my phone"})).await.ok();
    let seen = bob.keys_of(&alice.id).await;
    let mut expected = laptop.device_keys();
    expected["unsigned"] = json!({});
    assert_eq!(seen["device_keys"][&alice.id]["ALICEDEVICE"], expected);
    let mut expected = phone_key.device_keys();
    expected["unsigned"] = json!({"device_display_name": "my phone"});
    assert_eq!(seen["device_keys"][&alice.id]["PHONE"], expected);
    // One device alone, and none that does not exist.
    let body = json!({"device_keys": {&alice.id: ["PHONE", "NONE"], &bob.id: []}});
    let seen = bob.post(PATH, body).await.ok();
    assert_eq!(seen["failures"], json!({}));
    let devices = seen["device_keys"][&alice.id].as_object().unwrap();
    assert_eq!(devices.keys().collect::<Vec<_>>(), ["PHONE"]);
    assert_eq!(seen["device_keys"][&bob.id], json!({}));
    // What is deleted is gone with its keys.
    alice.call_with_password("DELETE", "/devices/PHONE", json!({})).await.ok();
    let seen = bob.keys_of(&alice.id).await;
    assert!(seen["device_keys"][&alice.id].get("PHONE").is_none(), "{seen}");
    alice.post("/logout", json!({})).await.ok();
    assert_eq!(bob.keys_of(&alice.id).await["device_keys"][&alice.id], json!({}));
}

#[tokio::test]
async fn the_user_signing_key_is_for_its_owner_alone() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let (_, _, _, body) = cross_signing(&alice, 10);
    upload_cross_signing(&alice, body.clone()).await.ok();
    let own = alice.keys_of(&alice.id).await;
    for (section, key) in [
        ("master_keys", "master_key"),
        ("self_signing_keys", "self_signing_key"),
        ("user_signing_keys", "user_signing_key"),
    ] {
        assert_eq!(own[section][&alice.id], body[key], "{section}");
    }
    let seen = bob.keys_of(&alice.id).await;
    assert_eq!(seen["master_keys"][&alice.id], body["master_key"]);
    assert_eq!(seen["self_signing_keys"][&alice.id], body["self_signing_key"]);
    assert!(seen["user_signing_keys"].is_null(), "{seen}");
}

#[tokio::test]
async fn strangers_servers_and_bad_input() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let nobody = "@nobody:localhost";
    assert_eq!(alice.keys_of(nobody).await["device_keys"][nobody], json!({}));
    // A server that cannot be reached is named, and the others are answered.
    let body = json!({"timeout": 500, "device_keys": {"@x:127.0.0.1:1": [], &alice.id: []}});
    let seen = alice.post(PATH, body).await.ok();
    assert!(seen["failures"]["127.0.0.1:1"].is_object(), "{seen}");
    assert_eq!(seen["device_keys"][&alice.id], json!({}));
    for body in [json!({}), json!({"device_keys": 7}), json!({"device_keys": {&alice.id: 7}})] {
        alice.post(PATH, body).await.refused(400, "M_BAD_JSON");
    }
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
