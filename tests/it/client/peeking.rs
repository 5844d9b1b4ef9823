//! Looking into rooms without being in them.

mod get_current_state;
mod get_one_event;
mod listen_to_new_events;

use serde_json::json;

use crate::harness::{Server, User};

/// A world-readable room of alice's, and bob, who is not in it.
async fn room_to_look_into() -> (Server, User, User, String) {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let visibility =
        json!([{"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}}]);
    let room = alice.create_room(json!({"preset": "private_chat", "initial_state": visibility})).await;
    (server, alice, bob, room)
}
