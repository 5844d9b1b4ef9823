//! `POST /_matrix/client/v3/rooms/{roomId}/unban`

use serde_json::json;

use super::{bad_targets, member_event, two_and_a_stranger};
use crate::harness::encode;

#[tokio::test]
async fn a_ban_is_lifted_by_those_who_may_ban() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    alice.ban(&room, &carol).await.ok();
    bob.unban(&room, &carol).await.refused(403, "M_FORBIDDEN");
    carol.unban(&room, &carol).await.refused(403, "M_FORBIDDEN");
    let body = json!({"user_id": carol.id, "reason": "peace"});
    assert_eq!(alice.post(&format!("/rooms/{}/unban", encode(&room)), body).await.ok(), json!({}));
    let event = member_event(&alice, &room, &carol).await;
    assert_eq!(event["content"], json!({"membership": "leave", "reason": "peace"}));
    // The way in is the same as for anybody else.
    carol.join(&room).await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    // Lifting a ban is no way to throw somebody out.
    alice.unban(&room, &carol).await.refused(403, "M_BAD_STATE");
    assert_eq!(alice.membership_of(&room, &carol).await, "join");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, [alice, bob, _], room) = two_and_a_stranger().await;
    let path = format!("/rooms/{}/unban", encode(&room));
    for body in bad_targets() {
        alice.post(&path, body).await.refused(400, "M_BAD_JSON");
    }
    alice.unban("!nowhere:localhost", &bob).await.refused(403, "M_FORBIDDEN");
    let body = Some(json!({"user_id": bob.id}));
    server
        .anonymous("POST", &format!("/_matrix/client/v3{path}"), body)
        .await
        .refused(401, "M_MISSING_TOKEN");
}
