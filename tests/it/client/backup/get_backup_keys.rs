//! `GET /_matrix/client/v3/room_keys/keys`

use serde_json::json;

use super::{NOT_FOUND, backup, is_private, session, with_sessions};

#[tokio::test]
async fn all_keys_of_a_backup_come_back() {
    let (server, alice) = with_sessions().await;
    alice.post("/room_keys/version", backup("BB")).await.ok();
    let expected = json!({"rooms": {
        "!room:localhost": {"sessions": {"s1": session(true, 0, 0), "s2": session(true, 1, 0)}},
        "!other:localhost": {"sessions": {"s3": session(false, 2, 0)}},
    }});
    assert_eq!(alice.get("/room_keys/keys?version=1").await.ok(), expected);
    assert_eq!(alice.get("/room_keys/keys?version=2").await.ok(), json!({"rooms": {}}));
    alice.get("/room_keys/keys?version=3").await.refused(404, "M_NOT_FOUND");
    alice.get("/room_keys/keys").await.refused(400, "M_MISSING_PARAM");
    is_private(&server, "GET", "/room_keys/keys?version=1", None, NOT_FOUND).await;
}
