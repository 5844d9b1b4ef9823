//! `POST /_matrix/client/v3/rooms/{roomId}/leave`

use serde_json::json;

use super::{member_event, two_and_a_stranger};
use crate::harness::encode;

#[tokio::test]
async fn members_leave_and_the_invited_decline() {
    let (server, [alice, bob, carol], room) = two_and_a_stranger().await;
    let path = format!("/rooms/{}/leave", encode(&room));
    let since = bob.now().await;
    assert_eq!(bob.post(&path, json!({"reason": "enough"})).await.ok(), json!({}));
    let event = member_event(&alice, &room, &bob).await;
    assert_eq!(event["content"], json!({"membership": "leave", "reason": "enough"}));
    assert_eq!(event["sender"], *bob.id);
    let answer = bob.sync(Some(&since)).await;
    assert!(answer["rooms"]["leave"][&room].is_object() && answer["rooms"]["join"].is_null(), "{answer}");
    assert_eq!(bob.get("/joined_rooms").await.ok()["joined_rooms"], json!([]));
    bob.send_event(&room, "m.room.message", json!({"body": "x"})).await.refused(403, "M_FORBIDDEN");

    alice.invite(&room, &carol).await.ok();
    let since = carol.now().await;
    carol.leave(&room).await.ok();
    assert_eq!(alice.membership_of(&room, &carol).await, "leave");
    assert!(carol.sync(Some(&since)).await["rooms"]["leave"][&room].is_object());
    assert!(carol.sync(None).await["rooms"]["invite"].is_null());
    server
        .anonymous("POST", &format!("/_matrix/client/v3{path}"), None)
        .await
        .refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn one_leaves_where_one_is() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    carol.leave(&room).await.refused(403, "M_FORBIDDEN");
    bob.leave(&room).await.ok();
    // Another device of the same user may be late with it; nothing more happens.
    let left = member_event(&alice, &room, &bob).await;
    assert_eq!(bob.leave(&room).await.ok(), json!({}));
    assert_eq!(member_event(&alice, &room, &bob).await["event_id"], left["event_id"]);
    alice.ban(&room, &bob).await.ok();
    // A ban is not shaken off by leaving.
    bob.leave(&room).await.refused(403, "M_FORBIDDEN");
    assert_eq!(alice.membership_of(&room, &bob).await, "ban");
    // Nor is being put out undone by leaving.
    alice.invite(&room, &carol).await.ok();
    alice.kick(&room, &carol).await.ok();
    carol.leave(&room).await.refused(403, "M_FORBIDDEN");
    carol.leave("!nowhere:localhost").await.refused(404, "M_NOT_FOUND");
    carol.leave("nonsense").await.refused(400, "M_INVALID_PARAM");
    // The last one shuts the door; nothing breaks.
    alice.leave(&room).await.ok();
    assert_eq!(alice.messages(&room, "dir=b&limit=1").await["chunk"][0]["content"]["membership"], "leave");
}
