//! What clients keep on the server for themselves.

mod get_global_account_data;
mod get_room_account_data;
mod set_global_account_data;
mod set_room_account_data;

use crate::harness::{User, encode};

/// The path of a piece of account data.
fn path(user: &User, room: Option<&str>, kind: &str) -> String {
    let room = room.map(|room| format!("/rooms/{}", encode(room))).unwrap_or_default();
    format!("/user/{}{room}/account_data/{}", encode(&user.id), encode(kind))
}
