//! `DELETE /_matrix/client/v3/room_keys/version/{version}`

use serde_json::json;

use super::{NOT_FOUND, backup, is_private, with_sessions};

#[tokio::test]
async fn a_backup_goes_with_its_keys() {
    let (server, alice) = with_sessions().await;
    is_private(&server, "DELETE", "/room_keys/version/1", None, NOT_FOUND).await;
    assert_eq!(alice.delete("/room_keys/version/1").await.ok(), json!({}));
    // Once more is no failure; what never was is.
    alice.delete("/room_keys/version/1").await.ok();
    alice.delete("/room_keys/version/2").await.refused(404, "M_NOT_FOUND");
    alice.get("/room_keys/keys?version=1").await.refused(404, "M_NOT_FOUND");
    assert_eq!(alice.post("/room_keys/version", backup("BB")).await.ok()["version"], "2");
    assert_eq!(alice.get("/room_keys/keys?version=2").await.ok(), json!({"rooms": {}}));
}
