//! Names for rooms.

mod create_alias;
mod delete_alias;
mod get_alias;

use serde_json::json;

use crate::harness::{Answer, User, encode};

fn path(alias: &str) -> String {
    format!("/_matrix/client/v3/directory/room/{}", encode(alias))
}

/// Names a room.
async fn name(user: &User, alias: &str, room: &str) -> Answer {
    user.put(&path(alias), json!({"room_id": room})).await
}
