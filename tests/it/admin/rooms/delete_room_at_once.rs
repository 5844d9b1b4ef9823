//! `DELETE /_synapse/admin/v1/rooms/{roomId}`

use serde_json::{Value, json};

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_delete_rooms() {
    only_administrators("DELETE", |room| path(room, ""), Some(json!({}))).await;
}

#[tokio::test]
async fn the_answer_says_what_became_of_the_room() {
    let (_server, admin, alice, room) = start().await;
    let done = admin.call("DELETE", &path(&room, ""), Some(json!({"block": true}))).await.ok();
    let expected = json!({
        "kicked_users": [alice.id], "failed_to_kick_users": [], "local_aliases": [], "new_room_id": Value::Null,
    });
    assert_eq!(done, expected);
    assert_eq!(alice.get("/joined_rooms").await.ok(), json!({"joined_rooms": []}));
    assert_eq!(admin.get(&path(&room, "/block")).await.ok(), json!({"block": true}));
}
