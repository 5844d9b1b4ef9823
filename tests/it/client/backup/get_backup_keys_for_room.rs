//! `GET /_matrix/client/v3/room_keys/keys/{roomId}`

use serde_json::json;

use super::{NOT_FOUND, OTHER_ROOM, is_private, session, with_sessions};

#[tokio::test]
async fn the_keys_of_one_room_come_back() {
    let (server, alice) = with_sessions().await;
    let path = format!("{OTHER_ROOM}?version=1");
    assert_eq!(alice.get(&path).await.ok(), json!({"sessions": {"s3": session(false, 2, 0)}}));
    let none = "/room_keys/keys/%21none%3Alocalhost?version=1";
    assert_eq!(alice.get(none).await.ok(), json!({"sessions": {}}));
    alice.get(&format!("{OTHER_ROOM}?version=9")).await.refused(404, "M_NOT_FOUND");
    alice.get("/room_keys/keys/none?version=1").await.refused(400, "M_INVALID_PARAM");
    is_private(&server, "GET", &path, None, NOT_FOUND).await;
}
