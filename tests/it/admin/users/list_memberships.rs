//! `GET /_synapse/admin/v1/users/{userId}/memberships`

use serde_json::json;

use super::path;
use crate::harness::{Server, encode};

#[tokio::test]
async fn memberships_of_every_kind_are_listed() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({})).await;
    let left = alice.create_room(json!({})).await;
    alice.post(&format!("/rooms/{}/leave", encode(&left)), json!({})).await.ok();
    let invited = admin.create_room(json!({"invite": [alice.id]})).await;
    let of_alice = path(&alice.id, "memberships");
    let listed = admin.get(&of_alice).await.ok();
    assert_eq!(listed, json!({"memberships": {room: "join", left: "leave", invited: "invite"}}));
    alice.get(&of_alice).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &of_alice, None).await.refused(401, "M_MISSING_TOKEN");
    admin.get(&path("alice", "memberships")).await.refused(400, "M_INVALID_PARAM");
}
