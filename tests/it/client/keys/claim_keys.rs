//! `POST /_matrix/client/v3/keys/claim`

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Server, User};

const PATH: &str = "/keys/claim";
const ALGORITHM: &str = "signed_curve25519";

fn wish(user: &User) -> Value {
    json!({"one_time_keys": {&user.id: {&user.device: ALGORITHM}}})
}

/// The id and the text of the key that was claimed, if there was one.
fn claimed(answer: &Value, user: &User) -> Option<(String, String)> {
    let keys = answer["one_time_keys"][&user.id][&user.device].as_object()?;
    assert_eq!(keys.len(), 1, "{answer}");
    let (id, key) = keys.iter().next()?;
    Some((id.clone(), key["key"].as_str()?.to_owned()))
}

async fn upload(user: &User, count: usize) {
    let key = user.publish_device(1).await;
    let keys: serde_json::Map<String, Value> = (0..count)
        .map(|number| (format!("{ALGORITHM}:K{number:04}"), key.session_key(&number.to_string())))
        .collect();
    user.post("/keys/upload", json!({"one_time_keys": keys})).await.ok();
}

#[tokio::test]
async fn keys_go_in_the_order_of_upload_and_then_the_fallback_key() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let key = alice.publish_device(1).await;
    for (id, text) in [("Z", "first"), ("A", "second")] {
        let keys = json!({format!("{ALGORITHM}:{id}"): key.session_key(text)});
        alice.post("/keys/upload", json!({"one_time_keys": keys})).await.ok();
    }
    let fallback = json!({format!("{ALGORITHM}:F"): key.session_key("last")});
    alice.post("/keys/upload", json!({"fallback_keys": fallback})).await.ok();
    let mut found = Vec::new();
    for _ in 0..4 {
        found.push(claimed(&bob.post(PATH, wish(&alice)).await.ok(), &alice).unwrap().1);
    }
    assert_eq!(found, ["first", "second", "last", "last"]);
    let synced = alice.sync(None).await;
    assert_eq!(synced["device_one_time_keys_count"], json!({ALGORITHM: 0}));
    assert_eq!(synced["device_unused_fallback_key_types"], json!([]));
    // A new fallback key counts as unused; the same one again does not.
    alice.post("/keys/upload", json!({"fallback_keys": fallback})).await.ok();
    assert_eq!(alice.sync(None).await["device_unused_fallback_key_types"], json!([]));
    let fresh = json!({format!("{ALGORITHM}:G"): key.session_key("fresh")});
    alice.post("/keys/upload", json!({"fallback_keys": fresh})).await.ok();
    assert_eq!(alice.sync(None).await["device_unused_fallback_key_types"], json!([ALGORITHM]));
}

#[tokio::test]
async fn sixty_four_claimers_get_different_keys() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    upload(&alice, 50).await;
    let claims = join_all((0..64).map(|_| bob.post(PATH, wish(&alice)))).await;
    let ids: Vec<String> =
        claims.into_iter().filter_map(|claim| claimed(&claim.ok(), &alice)).map(|(id, _)| id).collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (50, 50));
}

#[tokio::test]
async fn a_key_that_was_claimed_stays_claimed_after_a_crash() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    upload(&alice, 6).await;
    let mut ids = BTreeSet::new();
    for _ in 0..3 {
        ids.insert(claimed(&bob.post(PATH, wish(&alice)).await.ok(), &alice).unwrap().0);
    }
    let server = server.crash_and_restart().await;
    let bob = bob.on(&server);
    for _ in 0..3 {
        assert!(ids.insert(claimed(&bob.post(PATH, wish(&alice)).await.ok(), &alice).unwrap().0));
    }
    assert_eq!(claimed(&bob.post(PATH, wish(&alice)).await.ok(), &alice), None);
}

#[tokio::test]
async fn deleted_devices_have_no_keys_and_bad_input_is_refused() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = alice.log_in_again(&server, "PHONE").await;
    upload(&phone, 2).await;
    alice.call_with_password("DELETE", "/devices/PHONE", json!({})).await.ok();
    // A new device of the same name does not inherit them.
    let phone = alice.log_in_again(&server, "PHONE").await;
    assert_eq!(bob.post(PATH, wish(&phone)).await.ok(), json!({"failures": {}, "one_time_keys": {}}));
    let body = json!({"timeout": 500, "one_time_keys": {"@x:127.0.0.1:1": {"D": ALGORITHM}}});
    assert!(bob.post(PATH, body).await.ok()["failures"]["127.0.0.1:1"].is_object());
    for body in [json!({}), json!({"one_time_keys": 7})] {
        bob.post(PATH, body).await.refused(400, "M_BAD_JSON");
    }
    let path = format!("/_matrix/client/v3{PATH}");
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}
