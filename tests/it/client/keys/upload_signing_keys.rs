//! `POST /_matrix/client/v3/keys/device_signing/upload`

use serde_json::json;

use super::{cross_signing, upload_cross_signing};
use crate::harness::{Key, Server};

const FLOWS: &[&[&str]] = &[&["m.login.password"]];

#[tokio::test]
async fn only_replacing_keys_asks_for_the_password() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let (_, _, _, first) = cross_signing(&alice, 10);
    // The first keys, and the same ones again.
    upload_cross_signing(&alice, first.clone()).await.ok();
    upload_cross_signing(&alice, first.clone()).await.ok();
    let (_, _, _, second) = cross_signing(&alice, 20);
    let session = upload_cross_signing(&alice, second.clone()).await.challenged(FLOWS);
    assert_eq!(alice.keys_of(&alice.id).await["master_keys"][&alice.id], first["master_key"]);
    let mut body = second.clone();
    body["auth"] = alice.proof(&session);
    upload_cross_signing(&alice, body).await.ok();
    let seen = alice.keys_of(&alice.id).await;
    assert_eq!(seen["master_keys"][&alice.id], second["master_key"]);
    assert_eq!(seen["self_signing_keys"][&alice.id], second["self_signing_key"]);
    // A master key alone takes those away that it has not signed.
    let third = json!({"master_key": Key::of_user(&alice, 30).cross_signing("master")});
    alice.call_with_password("POST", "/keys/device_signing/upload", third.clone()).await.ok();
    let seen = alice.keys_of(&alice.id).await;
    assert_eq!(seen["master_keys"][&alice.id], third["master_key"]);
    assert!(seen["self_signing_keys"].is_null() && seen["user_signing_keys"].is_null(), "{seen}");
}

#[tokio::test]
async fn keys_have_to_hang_together() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let (master, own, _, body) = cross_signing(&alice, 10);
    let refused = async |body: serde_json::Value, errcode: &str| {
        upload_cross_signing(&alice, body).await.refused(400, errcode);
    };
    refused(json!({"self_signing_key": body["self_signing_key"]}), "M_MISSING_PARAM").await;
    let unsigned =
        json!({"master_key": body["master_key"], "self_signing_key": own.cross_signing("self_signing")});
    refused(unsigned, "M_INVALID_SIGNATURE").await;
    refused(json!({"master_key": master.cross_signing("self_signing")}), "M_INVALID_PARAM").await;
    let mut two = master.cross_signing("master");
    two["keys"]["ed25519:x"] = own.public().into();
    refused(json!({"master_key": two}), "M_INVALID_PARAM").await;
    refused(json!({"master_key": 7}), "M_INVALID_PARAM").await;
    // Somebody else's keys.
    upload_cross_signing(&bob, body).await.refused(400, "M_INVALID_PARAM");
    // A key that is called like a device.
    let named = Key::of_user(&alice, 40);
    alice.log_in_again(&server, &named.public()).await;
    let body = json!({"master_key": named.cross_signing("master")});
    upload_cross_signing(&alice, body).await.refused(403, "M_FORBIDDEN");
    let path = "/_matrix/client/v3/keys/device_signing/upload";
    server.anonymous("POST", path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    assert!(alice.keys_of(&alice.id).await["master_keys"].is_null());
}
