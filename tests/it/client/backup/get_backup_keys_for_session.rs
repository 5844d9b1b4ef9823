//! `GET /_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}`

use super::{NOT_FOUND, ROOM, is_private, session, with_sessions};

#[tokio::test]
async fn one_key_comes_back() {
    let (server, alice) = with_sessions().await;
    let path = format!("{ROOM}/s2?version=1");
    assert_eq!(alice.get(&path).await.ok(), session(true, 1, 0));
    alice.get(&format!("{ROOM}/s3?version=1")).await.refused(404, "M_NOT_FOUND");
    alice.get(&format!("{ROOM}/s2?version=2")).await.refused(404, "M_NOT_FOUND");
    alice.get(&format!("{ROOM}/s2")).await.refused(400, "M_MISSING_PARAM");
    is_private(&server, "GET", &path, None, NOT_FOUND).await;
}
