//! `GET /_matrix/client/v3/devices`

use std::time::{SystemTime, UNIX_EPOCH};

use super::device_ids;
use crate::harness::Server;

#[tokio::test]
async fn one_sees_ones_own_devices() {
    let server = Server::start().await;
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = alice.log_in_again(&server, "PHONE").await;
    phone.is_logged_in().await;
    assert_eq!(device_ids(&alice).await, ["ALICEDEVICE", "PHONE"]);
    assert_eq!(device_ids(&phone).await, ["ALICEDEVICE", "PHONE"]);
    assert_eq!(device_ids(&bob).await, ["BOBDEVICE"]);
    let answer = alice.get("/devices").await.ok();
    for device in answer["devices"].as_array().unwrap() {
        assert_eq!(device["last_seen_ip"], "127.0.0.1", "{device}");
        assert!(device.get("display_name").is_none(), "{device}");
        let seen = u128::from(device["last_seen_ts"].as_u64().unwrap());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        assert!((before..=now).contains(&seen), "{device}");
    }
    server.anonymous("GET", "/_matrix/client/v3/devices", None).await.refused(401, "M_MISSING_TOKEN");
}
