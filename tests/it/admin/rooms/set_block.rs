//! `PUT /_synapse/admin/v1/rooms/{roomId}/block`

use serde_json::json;

use super::{only_administrators, path, start};

#[tokio::test]
async fn only_administrators_close_rooms() {
    only_administrators("PUT", |room| path(room, "/block"), Some(json!({"block": true}))).await;
}

#[tokio::test]
async fn nobody_joins_a_closed_room() {
    let (server, admin, alice, _room) = start().await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let bob = server.register("bob").await;
    let block = path(&room, "/block");
    assert_eq!(admin.put(&block, json!({"block": true})).await.ok(), json!({"block": true}));
    bob.join(&room).await.refused(403, "M_FORBIDDEN");
    admin.put(&block, json!({"block": false})).await.ok();
    bob.join(&room).await.ok();
    admin.put(&block, json!({"block": "yes"})).await.refused(400, "M_BAD_JSON");
}
