//! `PUT /_matrix/client/v3/room_keys/keys`

use serde_json::json;

use super::{NOT_FOUND, backup, is_private, session, with_backup, with_sessions};

const PATH: &str = "/room_keys/keys?version=1";

#[tokio::test]
async fn keys_are_counted_and_kept() {
    let (server, alice) = with_sessions().await;
    let before = alice.get("/room_keys/version").await.ok();
    // What changes nothing leaves the etag alone.
    let same = json!({"rooms": {"!room:localhost": {"sessions": {"s1": session(true, 0, 0)}}}});
    assert_eq!(alice.put(PATH, same).await.ok(), json!({"etag": before["etag"], "count": 3}));
    let more = json!({"rooms": {"!room:localhost": {"sessions": {"s9": session(true, 0, 0)}}}});
    let after = alice.put(PATH, more).await.ok();
    assert_eq!(after["count"], 4);
    assert_ne!(after["etag"], before["etag"]);
    let server = server.crash_and_restart().await;
    let info = alice.on(&server).get("/room_keys/version").await.ok();
    assert_eq!((&info["count"], &info["etag"]), (&after["count"], &after["etag"]));
}

#[tokio::test]
async fn only_the_current_backup_takes_keys() {
    let (server, alice) = with_backup().await;
    alice.post("/room_keys/version", backup("BB")).await.ok();
    let refused = alice.put(PATH, json!({"rooms": {}})).await.refused(403, "M_WRONG_ROOM_KEYS_VERSION");
    assert_eq!(refused["current_version"], "2");
    let path = "/room_keys/keys?version=2";
    alice.put(path, json!({})).await.refused(400, "M_BAD_JSON");
    for key in [json!({}), json!({"is_verified": 7}), json!([])] {
        let body = json!({"rooms": {"!r:localhost": {"sessions": {"s": key}}}});
        alice.put(path, body).await.refused(400, "M_BAD_JSON");
    }
    let mut long = session(true, 0, 0);
    long["session_data"]["ciphertext"] = "x".repeat(70_000).into();
    let body = json!({"rooms": {"!r:localhost": {"sessions": {"s": long}}}});
    alice.put(path, body).await.refused(413, "M_TOO_LARGE");
    alice.put("/room_keys/keys", json!({"rooms": {}})).await.refused(400, "M_MISSING_PARAM");
    is_private(&server, "PUT", path, Some(json!({"rooms": {}})), NOT_FOUND).await;
}
