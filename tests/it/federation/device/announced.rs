//! `m.device_list_update` and `m.signing_key_update`, as other servers get them.

use serde_json::{Value, json};

use crate::{
    federation::shared::Shared,
    harness::{Peer, eventually},
};

/// The EDUs of a type that a peer has got, oldest first.
fn got(peer: &Peer, kind: &str) -> Vec<Value> {
    let transactions = peer.received("/_matrix/federation/v1/send/");
    let edus =
        transactions.iter().flat_map(|request| request.body["edus"].as_array().cloned().unwrap_or_default());
    edus.filter(|edu| edu["edu_type"] == kind).map(|edu| edu["content"].clone()).collect()
}

fn listen(peer: &Peer) {
    peer.answer("/_matrix/federation/v1/send/", |_| (200, json!({"pdus": {}})));
}

/// Waits until the newest update that a peer has got is as wanted, and answers it.
async fn newest(peer: &Peer, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let updates = got(peer, "m.device_list_update");
        match updates.last() {
            Some(update) if wanted(update) => Ok(update.clone()),
            _ => Err(format!("{updates:?}")),
        }
    })
    .await
}

#[tokio::test]
async fn every_change_refers_back_to_the_one_before() {
    let shared = Shared::start().await;
    let (peer, alice) = (&shared.peer, &shared.alice);
    listen(peer);
    let key = alice.publish_device(1).await;
    let keys = newest(peer, "the keys", |update| update["keys"].is_object()).await;
    assert_eq!((&keys["user_id"], &keys["device_id"]), (&json!(alice.id), &json!(alice.device)));
    assert_eq!(keys["keys"], key.device_keys());
    // The name is private, the change is not.
    alice.put(&format!("/devices/{}", alice.device), json!({"display_name": "Work phone"})).await.ok();
    let named = newest(peer, "the name", |update| update["stream_id"] != keys["stream_id"]).await;
    assert_eq!(named["keys"], key.device_keys());
    assert!(named["device_display_name"].is_null(), "{named}");
    let tablet = alice.log_in_again(&shared.server, "TABLET").await;
    tablet.publish_device(2).await;
    newest(peer, "the tablet", |update| update["device_id"] == "TABLET" && update["keys"].is_object()).await;
    alice.call_with_password("DELETE", "/devices/TABLET", json!({})).await.ok();
    let gone = newest(peer, "the end of the tablet", |update| update["deleted"] == true).await;
    assert_eq!((&gone["device_id"], &gone["keys"]), (&json!("TABLET"), &Value::Null));
    let updates = got(peer, "m.device_list_update");
    for pair in updates.windows(2) {
        assert_eq!(pair[1]["prev_id"], json!([pair[0]["stream_id"]]), "{updates:?}");
        assert!(pair[0]["stream_id"].as_u64() < pair[1]["stream_id"].as_u64(), "{updates:?}");
    }
    assert!(got(&shared.stranger, "m.device_list_update").is_empty());
}

#[tokio::test]
async fn cross_signing_keys_and_what_they_sign_are_told() {
    let shared = Shared::start().await;
    let (peer, alice) = (&shared.peer, &shared.alice);
    listen(peer);
    let key = alice.publish_device(1).await;
    let (signing, own) = alice.publish_cross_signing(10).await;
    let told = eventually("the cross-signing keys", async || {
        let updates = got(peer, "m.signing_key_update");
        updates.last().cloned().ok_or_else(|| "nothing".to_owned())
    })
    .await;
    let expected = json!({
        "user_id": alice.id,
        "master_key": signing["master_key"],
        "self_signing_key": signing["self_signing_key"],
    });
    assert_eq!(told, expected);
    let signed = own.sign(key.device_keys());
    let body = json!({&alice.id: {&alice.device: signed}});
    assert_eq!(alice.post("/keys/signatures/upload", body).await.ok()["failures"], json!({}));
    newest(peer, "the signed device", |update| update["keys"] == signed).await;
}

#[tokio::test]
async fn who_meets_a_server_is_introduced_to_it() {
    let shared = Shared::start_with(json!({"preset": "public_chat"})).await;
    let (server, alice, stranger) = (&shared.server, &shared.alice, &shared.stranger);
    listen(stranger);
    listen(&shared.peer);
    let key = alice.publish_device(1).await;
    // A server comes into a room of Alice's.
    stranger.join(server, &shared.room, &stranger.user("carol")).await;
    let told = newest(stranger, "Alice's device", |update| update["user_id"] == alice.id).await;
    assert_eq!((&told["device_id"], &told["keys"]), (&json!(alice.device), &key.device_keys()));
    assert_eq!(told["prev_id"], json!([]), "nothing before was told to this server");
    // Somebody comes into a room with servers.
    let dave = server.register("dave").await;
    let key = dave.publish_device(2).await;
    dave.join(&shared.room).await.ok();
    for peer in [stranger, &shared.peer] {
        let told = newest(peer, "Dave's device", |update| update["user_id"] == dave.id).await;
        assert_eq!(told["keys"], key.device_keys());
    }
}
