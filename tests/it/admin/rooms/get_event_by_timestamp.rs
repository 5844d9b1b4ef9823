//! `GET /_synapse/admin/v1/rooms/{roomId}/timestamp_to_event`

use super::{only_administrators, path, start};

const BELOW: &str = "/timestamp_to_event";

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| path(room, &format!("{BELOW}?ts=0")), None).await;
}

#[tokio::test]
async fn the_event_next_to_a_time_is_found() {
    let (_server, admin, alice, room) = start().await;
    let last = alice.say(&room, "the last word").await;
    let find = async |query: &str| admin.get(&path(&room, &format!("{BELOW}?{query}"))).await;
    let first = find("ts=0").await.ok();
    assert!(first["origin_server_ts"].as_u64().unwrap() > 1_500_000_000_000, "{first}");
    let found = find("ts=32503680000000&dir=b").await.ok();
    assert_eq!(found["event_id"], *last);
    assert_ne!(first["event_id"], *last);
    find("ts=32503680000000").await.refused(404, "M_NOT_FOUND");
    find("dir=b").await.refused(400, "M_MISSING_PARAM");
    find("ts=soon").await.refused(400, "M_INVALID_PARAM");
}
