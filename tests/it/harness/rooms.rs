//! Rooms that many tests begin with.

use serde_json::json;

use super::{Server, User};

/// A server, and two people in a private room.
pub(crate) async fn two_in_a_room() -> (Server, User, User, String) {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id]})).await;
    bob.join(&room).await.ok();
    (server, alice, bob, room)
}
