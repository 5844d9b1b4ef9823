//! `POST /_matrix/client/v3/keys/upload`

use serde_json::json;

use crate::harness::{Key, Server};

const PATH: &str = "/keys/upload";

#[tokio::test]
async fn keys_are_taken_counted_and_kept() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let key = alice.publish_device(1).await;
    let body = json!({
        "one_time_keys": {
            "signed_curve25519:AAAA": key.session_key("one"),
            "signed_curve25519:AAAB": key.session_key("two"),
        },
        "fallback_keys": {"signed_curve25519:F": key.session_key("last")},
    });
    let counts = json!({"one_time_key_counts": {"signed_curve25519": 2}});
    assert_eq!(alice.post(PATH, body.clone()).await.ok(), counts);
    // The same once more changes nothing.
    assert_eq!(alice.post(PATH, body).await.ok(), counts);
    let server = server.crash_and_restart().await;
    let alice = alice.on(&server);
    assert_eq!(alice.post(PATH, json!({})).await.ok(), counts);
    let synced = alice.sync(None).await;
    assert_eq!(synced["device_one_time_keys_count"], json!({"signed_curve25519": 2}));
    assert_eq!(synced["device_unused_fallback_key_types"], json!(["signed_curve25519"]));
    assert_eq!(synced["org.matrix.msc2732.device_unused_fallback_key_types"], json!(["signed_curve25519"]));
    // The name that fallback keys had as a proposal.
    let body = json!({"org.matrix.msc2732.fallback_keys": {"other:F": key.session_key("last")}});
    alice.post(PATH, body).await.ok();
    let synced = alice.sync(None).await;
    assert_eq!(synced["device_unused_fallback_key_types"], json!(["other", "signed_curve25519"]));
}

#[tokio::test]
async fn other_keys_under_a_known_id_are_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let key = alice.publish_device(1).await;
    let upload = async |text: &str| {
        let keys = json!({"signed_curve25519:AAAA": key.session_key(text), "signed_curve25519:AAAB": key.session_key("b")});
        alice.post(PATH, json!({"one_time_keys": keys})).await
    };
    upload("one").await.ok();
    let refused = upload("two").await.refused(400, "M_INVALID_PARAM");
    assert!(refused["error"].as_str().unwrap().contains("already exists"), "{refused}");
    let counts = alice.post(PATH, json!({})).await.ok();
    assert_eq!(counts["one_time_key_counts"]["signed_curve25519"], 2);
}

#[tokio::test]
async fn what_is_not_ones_own_or_not_signed_is_refused() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let key = Key::of_device(&alice, &alice.device, 1);
    bob.post(PATH, json!({"device_keys": key.device_keys()})).await.refused(400, "M_INVALID_PARAM");
    let phone = alice.log_in_again(&server, "PHONE").await;
    phone.post(PATH, json!({"device_keys": key.device_keys()})).await.refused(400, "M_INVALID_PARAM");
    let mut changed = key.device_keys();
    changed["algorithms"] = json!(["m.other"]);
    alice.post(PATH, json!({"device_keys": changed})).await.refused(400, "M_INVALID_SIGNATURE");
    for (member, value) in [("algorithms", json!(7)), ("keys", json!({})), ("user_id", json!(null))] {
        let mut broken = key.device_keys();
        broken[member] = value;
        let broken = key.sign(broken);
        alice.post(PATH, json!({"device_keys": broken})).await.refused(400, "M_INVALID_PARAM");
    }
    for keys in [json!({"noname": "k"}), json!({"a:b": 7}), json!({"a:b": {"signatures": {}}})] {
        alice.post(PATH, json!({"one_time_keys": keys})).await.refused(400, "M_INVALID_PARAM");
    }
    let long = json!({"a:b": "k".repeat(9_000)});
    alice.post(PATH, json!({"one_time_keys": long})).await.refused(413, "M_TOO_LARGE");
    alice.post(PATH, json!({"one_time_keys": 7})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    let seen = bob.keys_of(&alice.id).await;
    assert_eq!(seen["device_keys"][&alice.id], json!({}));
}

#[tokio::test]
async fn a_device_has_a_bounded_number_of_keys() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let keys = |from: u32, to: u32| {
        let keys: serde_json::Map<_, _> = (from..to).map(|id| (format!("a:{id}"), json!("k"))).collect();
        json!({"one_time_keys": keys})
    };
    alice.post(PATH, keys(0, 1_000)).await.ok();
    alice.post(PATH, keys(1_000, 1_001)).await.refused(413, "M_TOO_LARGE");
    assert_eq!(alice.post(PATH, json!({})).await.ok()["one_time_key_counts"]["a"], 1_000);
}
