//! `PUT /_matrix/client/v3/presence/{userId}/status`

use serde_json::json;

use super::{get, set};
use crate::harness::{encode, presence_of, two_in_a_room};

#[tokio::test]
async fn others_hear_of_it_in_sync() {
    let (server, alice, bob, _room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let (bob_since, carol_since) = (bob.now().await, carol.now().await);
    let body = json!({"presence": "unavailable", "status_msg": "back at five"});
    assert_eq!(set(&alice, &alice, body).await.ok(), json!({}));
    let (content, _) =
        bob.sync_until(Some(&bob_since), |answer| presence_of(answer, &alice.id).cloned()).await;
    assert_eq!(content["presence"], "unavailable");
    assert_eq!(content["status_msg"], "back at five");
    assert_eq!(content["currently_active"], false);
    assert!(content["last_active_ago"].is_u64(), "{content}");
    // Strangers hear nothing.
    let answer = carol.sync(Some(&carol_since)).await;
    assert!(presence_of(&answer, &alice.id).is_none(), "{answer}");
    assert!(presence_of(&carol.sync(None).await, &alice.id).is_none());
}

#[tokio::test]
async fn each_state_can_be_set_and_the_message_taken_away() {
    let (_server, alice, bob, _room) = two_in_a_room().await;
    set(&alice, &alice, json!({"presence": "online", "status_msg": "here"})).await.ok();
    for state in ["unavailable", "offline", "online"] {
        set(&alice, &alice, json!({"presence": state})).await.ok();
        let found = get(&bob, &alice).await.ok();
        assert_eq!(found["presence"], state);
        assert!(found["status_msg"].is_null(), "{found}");
    }
}

#[tokio::test]
async fn presence_is_ones_own_to_set() {
    let (server, alice, bob, _room) = two_in_a_room().await;
    set(&bob, &alice, json!({"presence": "offline"})).await.refused(403, "M_FORBIDDEN");
    let path = format!("/_matrix/client/v3/presence/{}/status", encode(&alice.id));
    let body = Some(json!({"presence": "online"}));
    server.anonymous("PUT", &path, body).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (_server, alice, _bob, _room) = two_in_a_room().await;
    set(&alice, &alice, json!({"presence": "asleep"})).await.refused(400, "M_INVALID_PARAM");
    for body in [json!({}), json!({"presence": 1}), json!({"presence": "online", "status_msg": []})] {
        set(&alice, &alice, body).await.refused(400, "M_BAD_JSON");
    }
    let long = json!({"presence": "online", "status_msg": "z".repeat(10_000)});
    set(&alice, &alice, long).await.refused(400, "M_TOO_LARGE");
}
