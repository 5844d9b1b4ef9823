//! `GET /_matrix/client/v3/room_keys/version/{version}`

use super::{NOT_FOUND, backup, is_private, with_sessions};

#[tokio::test]
async fn an_older_backup_is_still_told() {
    let (server, alice) = with_sessions().await;
    alice.post("/room_keys/version", backup("BB")).await.ok();
    let info = alice.get("/room_keys/version/1").await.ok();
    assert_eq!((&info["count"], &info["auth_data"]), (&3.into(), &backup("AA")["auth_data"]));
    assert_eq!(alice.get("/room_keys/version/2").await.ok()["count"], 0);
    for version in ["3", "x", "-1"] {
        alice.get(&format!("/room_keys/version/{version}")).await.refused(404, "M_NOT_FOUND");
    }
    is_private(&server, "GET", "/room_keys/version/1", None, NOT_FOUND).await;
}
