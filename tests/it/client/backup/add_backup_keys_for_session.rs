//! `PUT /_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}`

use serde_json::json;

use super::{NOT_FOUND, ROOM, is_private, session, with_backup};

#[tokio::test]
async fn the_better_copy_of_a_key_stays() {
    let (server, alice) = with_backup().await;
    let path = format!("{ROOM}/session%2Fone?version=1");
    // Each with whether it takes the place of what is there.
    let copies = [
        (session(false, 5, 5), true),
        (session(false, 6, 0), false),
        (session(false, 5, 6), false),
        (session(false, 5, 4), true),
        (session(false, 4, 9), true),
        (session(true, 9, 9), true),
        (session(false, 0, 0), false),
        (session(true, 9, 8), true),
        (session(true, 9, 9), false),
        (session(true, 0, 9), true),
    ];
    let mut kept = json!(null);
    for (copy, better) in copies {
        let state = alice.put(&path, copy.clone()).await.ok();
        assert_eq!(state["count"], 1);
        if better {
            kept = copy;
        }
        assert_eq!(alice.get(&path).await.ok(), kept);
    }
    let wrong = format!("{ROOM}/s?version=2");
    alice.put(&wrong, session(true, 0, 0)).await.refused(403, "M_WRONG_ROOM_KEYS_VERSION");
    alice.put(&path, json!({"is_verified": true})).await.refused(400, "M_BAD_JSON");
    is_private(&server, "PUT", &path, Some(session(true, 0, 0)), NOT_FOUND).await;
}
