//! `GET /_matrix/client/v3/room_keys/version`

use super::{ALGORITHM, NOT_FOUND, is_private, with_sessions};

#[tokio::test]
async fn the_current_backup_is_told_with_its_count() {
    let (server, alice) = with_sessions().await;
    let info = alice.get("/room_keys/version").await.ok();
    assert_eq!(
        (info["algorithm"].as_str(), info["version"].as_str(), info["count"].as_u64()),
        (Some(ALGORITHM), Some("1"), Some(3))
    );
    assert!(info["etag"].is_string(), "{info}");
    is_private(&server, "GET", "/room_keys/version", None, NOT_FOUND).await;
    alice.delete("/room_keys/version/1").await.ok();
    alice.get("/room_keys/version").await.refused(404, "M_NOT_FOUND");
}
