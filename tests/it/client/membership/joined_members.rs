//! `GET /_matrix/client/v3/rooms/{roomId}/joined_members`

use serde_json::json;

use super::two_and_a_stranger;
use crate::harness::encode;

#[tokio::test]
async fn members_see_who_is_there() {
    let (server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let path = format!("/rooms/{}/joined_members", encode(&room));
    bob.put(&format!("/profile/{}/displayname", bob.id), json!({"displayname": "Bob"})).await.ok();
    bob.put(&format!("/profile/{}/avatar_url", bob.id), json!({"avatar_url": "mxc://localhost/bob"}))
        .await
        .ok();
    alice.invite(&room, &carol).await.ok();
    let joined = alice.get(&path).await.ok()["joined"].clone();
    assert_eq!(joined.as_object().unwrap().len(), 2, "{joined}");
    assert_eq!(joined[&bob.id], json!({"display_name": "Bob", "avatar_url": "mxc://localhost/bob"}));
    assert!(joined[&alice.id]["avatar_url"].is_null());
    carol.get(&path).await.refused(403, "M_FORBIDDEN");
    bob.leave(&room).await.ok();
    bob.get(&path).await.refused(403, "M_FORBIDDEN");
    let joined = alice.get(&path).await.ok()["joined"].clone();
    assert_eq!(joined.as_object().unwrap().keys().collect::<Vec<_>>(), [&alice.id]);
    alice.get("/rooms/!nowhere:localhost/joined_members").await.refused(403, "M_FORBIDDEN");
    alice.get("/rooms/nonsense/joined_members").await.refused(400, "M_INVALID_PARAM");
    server.anonymous("GET", &format!("/_matrix/client/v3{path}"), None).await.refused(401, "M_MISSING_TOKEN");
}
