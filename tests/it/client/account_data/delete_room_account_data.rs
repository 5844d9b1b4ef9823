//! `DELETE /_matrix/client/unstable/org.matrix.msc3391/user/{userId}/rooms/{roomId}/account_data/{type}`

use serde_json::json;

use crate::harness::{account_data, encode, two_in_a_room};

fn path(user: &str, room: &str) -> String {
    let base = "/_matrix/client/unstable/org.matrix.msc3391/user";
    format!("{base}/{}/rooms/{}/account_data/org.example.note", encode(user), encode(room))
}

#[tokio::test]
async fn what_was_kept_about_a_room_is_forgotten() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let kept = format!("/user/{}/rooms/{}/account_data/org.example.note", encode(&alice.id), encode(&room));
    alice.put(&kept, json!({"text": "tea"})).await.ok();
    let since = alice.now().await;
    bob.delete(&path(&alice.id, &room)).await.refused(403, "M_FORBIDDEN");
    alice.delete(&path(&alice.id, &room)).await.ok();
    alice.get(&kept).await.refused(404, "M_NOT_FOUND");
    let told = alice.sync(Some(&since)).await;
    assert_eq!(account_data(&told, Some(&room), "org.example.note"), Some(&json!({})));
    let all = alice.sync(None).await;
    assert_eq!(account_data(&all, Some(&room), "org.example.note"), None);
    alice.delete(&path(&alice.id, "!nowhere:localhost")).await.refused(404, "M_NOT_FOUND");
    server.anonymous("DELETE", &path(&alice.id, &room), None).await.refused(401, "M_MISSING_TOKEN");
}
