//! `GET /_synapse/admin/v1/rooms/{roomIdOrAlias}/forward_extremities`

use super::{only_administrators, path, start};

const BELOW: &str = "/forward_extremities";

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| path(room, BELOW), None).await;
}

#[tokio::test]
async fn the_newest_event_is_told() {
    let (_server, admin, alice, room) = start().await;
    let event = alice.say(&room, "hello").await;
    let told = admin.get(&path(&room, BELOW)).await.ok();
    assert_eq!(told["count"], 1, "{told}");
    assert_eq!(told["results"][0]["event_id"], *event);
    assert!(told["results"][0]["depth"].as_u64().unwrap() > 1, "{told}");
    assert!(told["results"][0]["received_ts"].is_u64(), "{told}");
}
