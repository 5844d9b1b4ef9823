//! The list of public rooms.

mod get_public_rooms;
mod get_public_rooms_filtered;
mod get_room_visibility;
mod set_room_visibility;

use serde_json::{Value, json};

use crate::harness::{Answer, User, encode};

fn visibility_path(room: &str) -> String {
    format!("/_matrix/client/v3/directory/list/room/{}", encode(room))
}

/// Puts a room into the list (`public`) or takes it out (`private`).
async fn set_visibility(user: &User, room: &str, visibility: &str) -> Answer {
    user.put(&visibility_path(room), json!({"visibility": visibility})).await
}

/// The names of the listed rooms, in their order.
fn names(page: &Value) -> Vec<&str> {
    let rooms = page["chunk"].as_array().unwrap_or_else(|| panic!("no rooms in {page}"));
    rooms.iter().map(|room| room["name"].as_str().unwrap_or_default()).collect()
}

/// A room in the list.
async fn list_room(user: &User, name: &str) -> String {
    user.create_room(json!({"visibility": "public", "name": name})).await
}
