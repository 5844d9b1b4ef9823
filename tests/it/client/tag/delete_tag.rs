//! `DELETE /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}`

use serde_json::json;

use super::{path, tags};
use crate::harness::{account_data, two_in_a_room};

#[tokio::test]
async fn a_tag_goes_and_the_others_stay() {
    let (server, alice, bob, room) = two_in_a_room().await;
    alice.put(&path(&alice, &room, "m.favourite"), json!({"order": 0.25})).await.ok();
    alice.put(&path(&alice, &room, "u.work"), json!({})).await.ok();
    let since = alice.now().await;
    let favourite = path(&alice, &room, "m.favourite");
    bob.delete(&favourite).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{favourite}");
    server.anonymous("DELETE", &open, None).await.refused(401, "M_MISSING_TOKEN");
    assert_eq!(alice.delete(&favourite).await.ok(), json!({}));
    assert_eq!(tags(&alice, &room).await, json!({"u.work": {}}));
    let synced = alice.sync(Some(&since)).await;
    assert_eq!(account_data(&synced, Some(&room), "m.tag"), Some(&json!({"tags": {"u.work": {}}})));
    // What is gone can go again, without anybody hearing of it.
    let since = alice.now().await;
    alice.delete(&favourite).await.ok();
    assert!(account_data(&alice.sync(Some(&since)).await, Some(&room), "m.tag").is_none());
    alice.delete(&path(&alice, &room, "u.work")).await.ok();
    assert_eq!(tags(&alice, &room).await, json!({}));
    alice.delete(&path(&alice, "!unknown:localhost", "u.a")).await.refused(404, "M_NOT_FOUND");
}
