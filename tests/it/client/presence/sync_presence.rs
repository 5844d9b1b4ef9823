//! Presence that follows from syncing.

use serde_json::json;

use super::get;
use crate::harness::{presence_of, two_in_a_room};

#[tokio::test]
async fn who_syncs_is_online() {
    let (_server, alice, bob, _room) = two_in_a_room().await;
    assert_eq!(get(&bob, &alice).await.ok()["presence"], "offline");
    let since = bob.now().await;
    alice.sync(None).await;
    let (content, _) = bob.sync_until(Some(&since), |answer| presence_of(answer, &alice.id).cloned()).await;
    assert_eq!(content["presence"], "online");
    assert_eq!(get(&bob, &alice).await.ok()["presence"], "online");
}

#[tokio::test]
async fn a_sync_may_go_unnoticed() {
    let (_server, alice, bob, _room) = two_in_a_room().await;
    alice.get("/sync?timeout=0&set_presence=offline").await.ok();
    assert_eq!(get(&bob, &alice).await.ok()["presence"], "offline");
    alice.get("/sync?timeout=0&set_presence=unavailable").await.ok();
    assert_eq!(get(&bob, &alice).await.ok()["presence"], "unavailable");
    alice.get("/sync?timeout=0&set_presence=asleep").await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn a_newcomer_hears_who_is_online() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    alice.sync(None).await;
    let carol = server.register("carol").await;
    let since = carol.now().await;
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    let (content, _) = carol.sync_until(Some(&since), |answer| presence_of(answer, &alice.id).cloned()).await;
    assert_eq!(content["presence"], "online");
}

#[tokio::test]
async fn a_filter_leaves_presence_out() {
    let (_server, alice, bob, _room) = two_in_a_room().await;
    alice.put(&format!("/presence/{}/status", alice.id), json!({"presence": "online"})).await.ok();
    let filter = crate::harness::encode(r#"{"presence":{"types":[]}}"#);
    let answer = bob.get(&format!("/sync?timeout=0&filter={filter}")).await.ok();
    assert!(presence_of(&answer, &alice.id).is_none(), "{answer}");
}
