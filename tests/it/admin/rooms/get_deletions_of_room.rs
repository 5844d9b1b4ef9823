//! `GET /_synapse/admin/v2/rooms/{roomId}/delete_status`

use serde_json::json;

use super::{
    delete_room::{delete, path},
    only_administrators, start,
};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| format!("{}/delete_status", path(room)), None).await;
}

#[tokio::test]
async fn the_deletions_of_a_room_are_listed() {
    let (_server, admin, _alice, room) = start().await;
    let of_room = format!("{}/delete_status", path(&room));
    admin.get(&of_room).await.refused(404, "M_NOT_FOUND");
    let status = delete(&admin, &room, json!({})).await;
    assert_eq!(admin.get(&of_room).await.ok(), json!({"results": [status]}));
}
