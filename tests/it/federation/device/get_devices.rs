//! `GET /_matrix/federation/v1/user/devices/{userId}`

use serde_json::json;

use crate::{
    federation::shared::checks_signature,
    harness::{Peer, encode, start_federating},
};

fn path(user: &str) -> String {
    format!("/_matrix/federation/v1/user/devices/{}", encode(user))
}

#[tokio::test]
async fn the_list_has_a_number_that_grows_with_every_change() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    let alice = server.register("alice").await;
    let key = alice.publish_device(1).await;
    let (signing, _) = alice.publish_cross_signing(10).await;
    // A device without keys is of no use to anybody.
    let tablet = alice.log_in_again(&server, "TABLET").await;
    let first = peer.get(&server, &path(&alice.id)).await.ok();
    assert_eq!(first["user_id"], alice.id);
    assert_eq!(first["devices"], json!([{"device_id": alice.device, "keys": key.device_keys()}]));
    assert_eq!(first["master_key"], signing["master_key"]);
    assert_eq!(first["self_signing_key"], signing["self_signing_key"]);
    tablet.publish_device(2).await;
    let second = peer.get(&server, &path(&alice.id)).await.ok();
    assert_eq!(second["devices"].as_array().unwrap().len(), 2);
    alice.call_with_password("DELETE", "/devices/TABLET", json!({})).await.ok();
    let third = peer.get(&server, &path(&alice.id)).await.ok();
    assert_eq!(third["devices"], first["devices"]);
    let numbers = [&first, &second, &third].map(|told| told["stream_id"].as_u64().unwrap());
    assert!(numbers[0] < numbers[1] && numbers[1] < numbers[2], "{numbers:?}");
    checks_signature(&server, &peer, "GET", &path(&alice.id), None).await;
}

#[tokio::test]
async fn who_is_not_here_has_no_devices_here() {
    let (server, peer) = tokio::join!(start_federating("127.0.0.2", ""), Peer::start("127.0.0.7"));
    for user in [&format!("@nobody:{}", server.name), "@alice:elsewhere.example"] {
        peer.get(&server, &path(user)).await.refused(404, "M_NOT_FOUND");
    }
    peer.get(&server, &path("alice")).await.refused(400, "M_INVALID_PARAM");
}
