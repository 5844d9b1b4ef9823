//! `GET /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}`

use serde_json::json;

use super::{BASE, LONG_MS, delay, text, two_in_a_room, update};
use crate::harness::eventually;

#[tokio::test]
async fn users_see_what_became_of_their_events() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let delay_id = delay(&alice, &room, "t1", "tea", LONG_MS).await;
    let path = format!("{BASE}/delayed_events/{delay_id}");
    let shown = alice.get(&path).await.ok();
    let expected = json!({
        "delay_id": delay_id, "room_id": room, "type": "m.room.message", "delay": LONG_MS,
        "running_since": shown["running_since"], "content": text("tea"),
    });
    assert_eq!(shown, expected);
    assert!(shown["running_since"].is_u64());
    bob.get(&path).await.refused(404, "M_NOT_FOUND");
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
    update(&server, &delay_id, "send").await.ok();
    let shown = alice.get(&path).await.ok();
    let event = alice.event(&room, shown["event_id"].as_str().unwrap()).await.ok();
    assert_eq!(event["content"], text("tea"));
    assert!(shown["origin_server_ts"].is_u64(), "{shown}");
}

#[tokio::test]
async fn what_could_not_be_sent_says_why() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let delay_id = delay(&bob, &room, "t1", "too late", 1_000).await;
    alice.kick(&room, &bob).await.ok();
    let shown = eventually("the end of the event", async || {
        let shown = bob.get(&format!("{BASE}/delayed_events/{delay_id}")).await.ok();
        if shown["error"].is_object() { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await;
    assert_eq!(shown["error"]["errcode"], "M_FORBIDDEN");
    assert!(shown["event_id"].is_null() && shown["origin_server_ts"].is_u64(), "{shown}");
}
