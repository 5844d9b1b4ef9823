//! `POST /_synapse/admin/v1/users/{userId}/override_ratelimit`

use serde_json::json;

use super::{only_administrators, path, try_to_say, two_messages};

const WHAT: &str = "override_ratelimit";

#[tokio::test]
async fn only_administrators_give() {
    only_administrators("POST", WHAT, &json!({})).await;
}

#[tokio::test]
async fn a_user_gets_a_rate_of_their_own() {
    let (_server, admin, alice, room) = two_messages().await;
    try_to_say(&alice, &room).await.ok();
    try_to_say(&alice, &room).await.ok();
    let refused = try_to_say(&alice, &room).await;
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    assert!(refused.refused(429, "M_LIMIT_EXCEEDED")["retry_after_ms"].as_u64().unwrap() > 0);
    // No limit at all: it holds at once, in the session that is there.
    let rate = json!({"messages_per_second": 0, "burst_count": 0});
    assert_eq!(admin.post(&path(&alice.id, WHAT), rate.clone()).await.ok(), rate);
    for _ in 0..5 {
        try_to_say(&alice, &room).await.ok();
    }
    // Nothing said means no limit as well.
    assert_eq!(admin.post(&path(&alice.id, WHAT), json!({})).await.ok(), rate);
    // Others are counted as before.
    let other = admin.create_room(json!({})).await;
    try_to_say(&admin, &other).await.ok();
    try_to_say(&admin, &other).await.ok();
    try_to_say(&admin, &other).await.refused(429, "M_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_rate_may_also_be_lower() {
    let more = "[rate_limits]\nmessage = { per_second = 1000, burst = 1000 }\n";
    let server = crate::harness::Server::start_with(more).await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({})).await;
    admin.post(&path(&alice.id, WHAT), json!({"messages_per_second": 1, "burst_count": 1})).await.ok();
    let mut refused = 0;
    for _ in 0..5 {
        refused += u32::from(try_to_say(&alice, &room).await.status == 429);
    }
    assert!(refused > 0);
    for body in [
        json!({"messages_per_second": -1}),
        json!({"burst_count": -1}),
        json!({"messages_per_second": "many"}),
        json!({"messages_per_second": 1.5}),
        json!({"burst_count": 5_000_000_000_u64}),
    ] {
        let answer = admin.post(&path(&alice.id, WHAT), body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        answer.is_sound();
    }
}
