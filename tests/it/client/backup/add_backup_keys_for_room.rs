//! `PUT /_matrix/client/v3/room_keys/keys/{roomId}`

use serde_json::json;

use super::{NOT_FOUND, ROOM, is_private, session, with_backup};

#[tokio::test]
async fn keys_of_one_room_are_kept() {
    let (server, alice) = with_backup().await;
    let path = format!("{ROOM}?version=1");
    let body = json!({"sessions": {"s1": session(true, 0, 0), "s2": session(false, 0, 0)}});
    assert_eq!(alice.put(&path, body.clone()).await.ok()["count"], 2);
    assert_eq!(alice.get(&path).await.ok(), body);
    let wrong = format!("{ROOM}?version=2");
    alice.put(&wrong, body.clone()).await.refused(403, "M_WRONG_ROOM_KEYS_VERSION");
    alice.put(&path, json!({"sessions": 7})).await.refused(400, "M_BAD_JSON");
    is_private(&server, "PUT", &path, Some(body), NOT_FOUND).await;
}
