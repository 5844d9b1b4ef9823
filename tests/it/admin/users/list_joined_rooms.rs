//! `GET /_synapse/admin/v1/users/{userId}/joined_rooms`

use serde_json::json;

use super::path;
use crate::harness::Server;

#[tokio::test]
async fn the_rooms_of_a_user_are_listed() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({})).await;
    let left = alice.create_room(json!({})).await;
    alice.post(&format!("/rooms/{}/leave", crate::harness::encode(&left)), json!({})).await.ok();
    let of_alice = path(&alice.id, "joined_rooms");
    assert_eq!(admin.get(&of_alice).await.ok(), json!({"joined_rooms": [room], "total": 1}));
    let nobody = admin.get(&path("@nobody:elsewhere.example", "joined_rooms")).await.ok();
    assert_eq!(nobody, json!({"joined_rooms": [], "total": 0}));
    alice.get(&of_alice).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &of_alice, None).await.refused(401, "M_MISSING_TOKEN");
    admin.get(&path("alice", "joined_rooms")).await.refused(400, "M_INVALID_PARAM");
}
