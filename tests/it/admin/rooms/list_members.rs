//! `GET /_synapse/admin/v1/rooms/{roomId}/members`

use serde_json::json;

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_ask() {
    only_administrators("GET", |room| path(room, "/members"), None).await;
}

#[tokio::test]
async fn those_who_are_in_the_room_are_listed() {
    let (_server, admin, alice, room) = start().await;
    alice.invite(&room, &admin).await.ok();
    let listed = admin.get(&path(&room, "/members")).await.ok();
    assert_eq!(listed, json!({"members": [alice.id], "total": 1}));
}
