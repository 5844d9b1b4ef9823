//! Coming and going.

mod at_the_same_time;
mod ban_user;
mod by_state;
mod forget_room;
mod get_member_events;
mod get_mutual_rooms;
mod guests;
mod invite_by_address;
mod invite_user;
mod join_room_by_id;
mod join_room_by_id_or_alias;
mod joined_members;
mod joined_rooms;
mod kick_user;
mod leave_room;
mod restricted;
mod third_party;
mod unban_user;

use serde_json::{Value, json};

use crate::harness::{Server, User, two_in_a_room};

/// The member event that a room's state holds of a user.
async fn member_event(viewer: &User, room: &str, user: &User) -> Value {
    let path = format!("/rooms/{room}/state/m.room.member/{}?format=event", user.id);
    viewer.get(&path).await.ok()
}

/// Two people in a room and one who is not.
async fn two_and_a_stranger() -> (Server, [User; 3], String) {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    (server, [alice, bob, carol], room)
}

/// What `user_id` must not be, for the endpoints that do something to somebody.
fn bad_targets() -> [Value; 4] {
    [json!({}), json!({"user_id": 1}), json!({"user_id": "bob"}), json!([])]
}
