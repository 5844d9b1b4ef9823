//! Users whom one does not want to hear.
//! <https://spec.matrix.org/v1.19/client-server-api/#ignoring-users>

use serde_json::json;

use super::{is_quiet, joined, next, timeline};
use crate::harness::{User, bodies, find_state, two_in_a_room};

async fn ignore(user: &User, others: &[&User]) {
    let list: serde_json::Map<_, _> = others.iter().map(|other| (other.id.clone(), json!({}))).collect();
    let path = format!("/user/{}/account_data/m.ignored_user_list", user.id);
    user.put(&path, json!({"ignored_users": list})).await.ok();
}

#[tokio::test]
async fn they_are_not_heard() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    alice.set_levels(&room, json!({"users": {bob.id.clone(): 50}})).await.ok();
    bob.say(&room, "before").await;
    ignore(&alice, &[&bob]).await;
    let since = alice.now().await;
    bob.say(&room, "unheard").await;
    bob.set_state(&room, "m.room.topic", "", json!({"topic": "state is for all"})).await.ok();
    alice.say(&room, "her own").await;
    let answer = alice.sync(Some(&since)).await;
    assert_eq!(bodies(timeline(&answer, &room)), ["her own"]);
    // Without the state nobody could understand the room.
    assert!(find_state(timeline(&answer, &room), "m.room.topic", "").is_some());
    let first = alice.sync(None).await;
    assert_eq!(bodies(timeline(&first, &room)), ["her own"]);
    assert_eq!(bodies(&alice.messages(&room, "dir=b&limit=50").await["chunk"]), ["her own"]);
    assert_eq!(bodies(timeline(&bob.sync(None).await, &room)), ["before", "unheard", "her own"]);
    // Only a message of an ignored user is no reason to call.
    let since = next(&answer).to_owned();
    let unheard = bob.say(&room, "nobody listens").await;
    let answer = alice.sync(Some(&since)).await;
    assert!(is_quiet(&answer) || bodies(timeline(&answer, &room)).is_empty(), "{answer}");
    assert_eq!(joined(&alice.sync(None).await, &room)["unread_notifications"]["notification_count"], 0);
    alice.event(&room, &unheard).await.refused(404, "M_NOT_FOUND");
    ignore(&alice, &[]).await;
    assert_eq!(bodies(timeline(&alice.sync(None).await, &room)).last(), Some(&"nobody listens"));
}

#[tokio::test]
async fn nobody_can_ignore_themselves() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    ignore(&alice, &[&alice]).await;
    alice.say(&room, "hello, me").await;
    assert_eq!(bodies(timeline(&alice.sync(None).await, &room)), ["hello, me"]);
}
