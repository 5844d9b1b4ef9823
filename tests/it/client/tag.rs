//! Tags of rooms.

mod create_tag;
mod delete_tag;
mod get_tags;

use serde_json::Value;

use crate::harness::{User, encode};

/// The path of one's tags of a room, or of one of them.
fn path(user: &User, room: &str, tag: &str) -> String {
    let tag = if tag.is_empty() { String::new() } else { format!("/{}", encode(tag)) };
    format!("/user/{}/rooms/{}/tags{tag}", encode(&user.id), encode(room))
}

async fn tags(user: &User, room: &str) -> Value {
    user.get(&path(user, room, "")).await.ok()["tags"].take()
}
