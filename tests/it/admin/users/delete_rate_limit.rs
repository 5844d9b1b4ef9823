//! `DELETE /_synapse/admin/v1/users/{userId}/override_ratelimit`

use serde_json::{Value, json};

use super::{only_administrators, path, try_to_say, two_messages};

const WHAT: &str = "override_ratelimit";

#[tokio::test]
async fn only_administrators_take_away() {
    only_administrators("DELETE", WHAT, &Value::Null).await;
}

#[tokio::test]
async fn the_common_rate_holds_again() {
    let (_server, admin, alice, room) = two_messages().await;
    admin.post(&path(&alice.id, WHAT), json!({})).await.ok();
    for _ in 0..5 {
        try_to_say(&alice, &room).await.ok();
    }
    assert_eq!(admin.delete(&path(&alice.id, WHAT)).await.ok(), json!({}));
    assert_eq!(admin.get(&path(&alice.id, WHAT)).await.ok(), json!({}));
    let mut refused = 0;
    for _ in 0..3 {
        refused += u32::from(try_to_say(&alice, &room).await.status == 429);
    }
    assert!(refused > 0);
    admin.delete(&path(&alice.id, WHAT)).await.ok();
}
