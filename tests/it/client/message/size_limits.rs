//! How large events and their parts may be.
//! <https://spec.matrix.org/v1.19/client-server-api/#size-limits>

use serde_json::json;

use crate::harness::{encode, two_in_a_room};

#[tokio::test]
async fn an_event_is_64_kib_at_most() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let large = json!({"msgtype": "m.text", "body": "x".repeat(64_000)});
    let event = alice.send_event(&room, "m.room.message", large.clone()).await.event_id();
    assert_eq!(bob.event(&room, &event).await.ok()["content"], large);
    for size in [65_536, 70_000, 200_000] {
        let content = json!({"msgtype": "m.text", "body": "x".repeat(size)});
        alice.send_event(&room, "m.room.message", content.clone()).await.refused(413, "M_TOO_LARGE");
        alice.set_state(&room, "org.example.state", "", content).await.refused(413, "M_TOO_LARGE");
    }
    // Bytes count, not characters.
    let wide = json!({"msgtype": "m.text", "body": "茶".repeat(22_000)});
    alice.send_event(&room, "m.room.message", wide).await.refused(413, "M_TOO_LARGE");
}

#[tokio::test]
async fn types_and_keys_are_255_bytes_at_most() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    let (fits, long, wide) = ("t".repeat(255), "t".repeat(256), "茶".repeat(86));
    let send = async |kind: &str| {
        alice.put(&format!("/rooms/{}/send/{}/{kind}", encode(&room), encode(kind)), json!({})).await
    };
    send(&fits).await.ok();
    alice.set_state(&room, &fits, &fits, json!({})).await.ok();
    for kind in [&long, &wide] {
        alice
            .put(&format!("/rooms/{}/send/{}/x", encode(&room), encode(kind)), json!({}))
            .await
            .refused(413, "M_TOO_LARGE");
        alice.set_state(&room, &encode(kind), "", json!({})).await.refused(413, "M_TOO_LARGE");
        alice.set_state(&room, "org.example.state", kind, json!({})).await.refused(413, "M_TOO_LARGE");
    }
    alice.set_state(&room, "org.example.state", &"茶".repeat(85), json!({})).await.ok();
}

#[tokio::test]
async fn a_request_is_bounded_too() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    let huge = json!({"body": "x".repeat(30_000_000)});
    alice.send_event(&room, "m.room.message", huge).await.refused(413, "M_TOO_LARGE");
    let mut deep = json!({});
    for _ in 0..100 {
        deep = json!({"a": [deep]});
    }
    alice.send_event(&room, "m.room.message", deep).await.is_sound();
    alice.say(&room, "still here").await;
}
