//! `GET /_synapse/admin/v1/rooms/{roomId}/state`

use super::{only_administrators, path, start};
use crate::harness::state_content;

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| path(room, "/state"), None).await;
}

#[tokio::test]
async fn the_state_of_a_room_that_one_is_not_in_is_told() {
    let (_server, admin, alice, room) = start().await;
    let state = admin.get(&path(&room, "/state")).await.ok()["state"].take();
    assert_eq!(state_content(&state, "m.room.topic", "")["topic"], "All kinds");
    assert_eq!(state_content(&state, "m.room.member", &alice.id)["membership"], "join");
}
