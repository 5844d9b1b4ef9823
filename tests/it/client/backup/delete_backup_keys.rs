//! `DELETE /_matrix/client/v3/room_keys/keys`

use super::{NOT_FOUND, is_private, with_sessions};

#[tokio::test]
async fn all_keys_go() {
    let (server, alice) = with_sessions().await;
    let path = String::from("/room_keys/keys?version=1");
    is_private(&server, "DELETE", &path, None, NOT_FOUND).await;
    let before = alice.get("/room_keys/version").await.ok();
    let state = alice.delete(&path).await.ok();
    assert_eq!(state["count"], 0);
    assert_ne!(state["etag"], before["etag"]);
    // What is gone is gone: once more changes nothing.
    assert_eq!(alice.delete(&path).await.ok(), state);
    let info = alice.get("/room_keys/version").await.ok();
    assert_eq!((&info["count"], &info["etag"]), (&state["count"], &state["etag"]));
    alice.delete(&path.replace("version=1", "version=2")).await.refused(404, "M_NOT_FOUND");
    alice.delete(&path.replace("version=1", "")).await.refused(400, "M_MISSING_PARAM");
}
