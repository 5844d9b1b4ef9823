//! `GET /_synapse/admin/v1/rooms/{roomId}/block`

use serde_json::json;

use super::{path, start};

#[tokio::test]
async fn a_room_is_open_until_it_is_closed() {
    let (server, admin, alice, room) = start().await;
    let block = path(&room, "/block");
    assert_eq!(admin.get(&block).await.ok(), json!({"block": false}));
    admin.put(&block, json!({"block": true})).await.ok();
    assert_eq!(admin.get(&block).await.ok(), json!({"block": true}));
    // What nobody here knows is not closed.
    assert_eq!(admin.get(&path("!unknown:localhost", "/block")).await.ok(), json!({"block": false}));
    alice.get(&block).await.refused(403, "M_FORBIDDEN");
    server.anonymous("GET", &block, None).await.refused(401, "M_MISSING_TOKEN");
    admin.get(&path("room", "/block")).await.refused(400, "M_INVALID_PARAM");
}
