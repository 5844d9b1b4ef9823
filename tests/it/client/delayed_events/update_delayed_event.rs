//! `POST /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}/{action}`

use serde_json::json;

use super::{BASE, LONG_MS, delay, says, two_in_a_room, update};

#[tokio::test]
async fn an_event_can_be_sent_before_its_time() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let delay_id = delay(&alice, &room, "t1", "at last", LONG_MS).await;
    assert_eq!(update(&server, &delay_id, "send").await.ok(), json!({}));
    says(&bob, &room, &["at last"]).await;
    // Asked again, nothing is sent twice.
    update(&server, &delay_id, "send").await.ok();
    update(&server, &delay_id, "cancel").await.refused(409, "M_UNKNOWN");
    update(&server, &delay_id, "restart").await.refused(409, "M_UNKNOWN");
    says(&bob, &room, &["at last"]).await;
}

#[tokio::test]
async fn an_event_can_be_taken_back() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let taken_back = delay(&alice, &room, "t1", "never", 1_000).await;
    update(&server, &taken_back, "cancel").await.ok();
    update(&server, &taken_back, "cancel").await.ok();
    update(&server, &taken_back, "send").await.refused(409, "M_UNKNOWN");
    // What was due after it is there, and it is not.
    delay(&alice, &room, "t2", "after", 1_500).await;
    says(&bob, &room, &["after"]).await;
}

#[tokio::test]
async fn waiting_can_begin_anew() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let first = delay(&alice, &room, "t1", "first", 1_500).await;
    delay(&alice, &room, "t2", "second", 1_600).await;
    update(&server, &first, "restart").await.ok();
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    update(&server, &first, "restart").await.ok();
    says(&bob, &room, &["first", "second"]).await;
}

#[tokio::test]
async fn the_action_may_stand_in_the_body() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let delay_id = delay(&alice, &room, "t1", "at last", LONG_MS).await;
    let path = format!("{BASE}/delayed_events/{delay_id}");
    alice.post(&path, json!({"action": "restart"})).await.ok();
    alice.post(&path, json!({"action": "explode"})).await.refused(400, "M_INVALID_PARAM");
    // Without a token too: a call's server has none.
    server.anonymous("POST", &path, Some(json!({"action": "send"}))).await.ok();
    says(&bob, &room, &["at last"]).await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let (server, _alice, _bob, _room) = two_in_a_room().await;
    for action in ["send", "cancel", "restart"] {
        update(&server, "nothing", action).await.refused(404, "M_NOT_FOUND");
    }
    update(&server, "nothing", "explode").await.refused(400, "M_INVALID_PARAM");
}
