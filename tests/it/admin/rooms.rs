//! Rooms, as administrators see them.

mod delete_room;
mod delete_room_at_once;
mod fetch_event;
mod get_block;
mod get_context;
mod get_deletion;
mod get_deletions_of_room;
mod get_event_by_timestamp;
mod get_forward_extremities;
mod get_messages;
mod get_room;
mod get_state;
mod join_room;
mod list_members;
mod list_rooms;
mod make_room_admin;
mod set_block;

use serde_json::{Value, json};

use crate::harness::{Server, User, encode};

fn path(room: &str, below: &str) -> String {
    format!("/_synapse/admin/v1/rooms/{}{below}", encode(room))
}

/// A server, its administrator, and a user in a room of their own.
async fn start() -> (Server, User, User, String) {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({"name": "Tea", "topic": "All kinds"})).await;
    (server, admin, alice, room)
}

/// Checks who is refused.
async fn only_administrators(method: &str, path: impl Fn(&str) -> String, body: Option<Value>) {
    let (server, admin, alice, room) = start().await;
    alice.call(method, &path(&room), body.clone()).await.refused(403, "M_FORBIDDEN");
    server.anonymous(method, &path(&room), body.clone()).await.refused(401, "M_MISSING_TOKEN");
    admin.call(method, &path("!unknown:localhost"), body.clone()).await.refused(404, "M_NOT_FOUND");
    admin.call(method, &path("room"), body).await.refused(400, "M_INVALID_PARAM");
}
