//! `GET /_matrix/client/v3/presence/{userId}/status`

use serde_json::json;

use super::{get, set};
use crate::harness::{Server, encode, two_in_a_room};

#[tokio::test]
async fn people_who_share_a_room_see_each_other() {
    let (_server, alice, bob, _room) = two_in_a_room().await;
    set(&alice, &alice, json!({"presence": "online", "status_msg": "making tea"})).await.ok();
    let found = get(&bob, &alice).await.ok();
    assert_eq!(found["presence"], "online");
    assert_eq!(found["status_msg"], "making tea");
    assert_eq!(found["currently_active"], true);
    assert!(found["last_active_ago"].as_u64().is_some_and(|ago| ago < 30_000), "{found}");
    // One sees oneself.
    assert_eq!(get(&alice, &alice).await.ok()["status_msg"], "making tea");
}

#[tokio::test]
async fn who_was_never_there_is_offline() {
    let (_server, alice, bob, _room) = two_in_a_room().await;
    assert_eq!(get(&bob, &alice).await.ok()["presence"], "offline");
}

#[tokio::test]
async fn strangers_see_nothing() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    set(&alice, &alice, json!({"presence": "online"})).await.ok();
    get(&carol, &alice).await.refused(403, "M_FORBIDDEN");
    // Whether there is such a user does not show.
    carol.get("/presence/%40nobody%3Alocalhost/status").await.refused(403, "M_FORBIDDEN");
    bob.post(&format!("/rooms/{}/leave", encode(&room)), json!({})).await.ok();
    get(&bob, &alice).await.refused(403, "M_FORBIDDEN");
    let path = format!("/_matrix/client/v3/presence/{}/status", encode(&alice.id));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
    alice.get("/presence/nonsense/status").await.refused(400, "M_INVALID_PARAM");
}

#[tokio::test]
async fn without_presence_everybody_is_offline() {
    let server = Server::start_with("[presence]\nenabled = false\n").await;
    let alice = server.register("alice").await;
    // Clients set presence without asking whether there is any.
    set(&alice, &alice, json!({"presence": "online"})).await.ok();
    assert_eq!(get(&alice, &alice).await.ok()["presence"], "offline");
    assert!(alice.sync(None).await["presence"]["events"].as_array().is_none_or(Vec::is_empty));
}
