//! `POST /_matrix/client/v3/rooms/{roomId}/forget`

use serde_json::json;

use super::two_and_a_stranger;
use crate::harness::encode;

const WITH_LEFT: &str = "filter=%7B%22room%22%3A%7B%22include_leave%22%3Atrue%7D%7D";

#[tokio::test]
async fn what_is_forgotten_is_gone() {
    let (server, [alice, bob, carol], room) = two_and_a_stranger().await;
    alice.say(&room, "remember me").await;
    for user in [&alice, &bob] {
        user.forget(&room).await.refused(400, "M_UNKNOWN");
    }
    bob.leave(&room).await.ok();
    assert!(bob.sync_with(WITH_LEFT).await["rooms"]["leave"][&room].is_object());
    assert_eq!(bob.forget(&room).await.ok(), json!({}));
    let check = async || {
        assert!(bob.sync_with(WITH_LEFT).await["rooms"].is_null());
        for path in ["messages?dir=b", "members", "state"] {
            bob.get(&format!("/rooms/{}/{path}", encode(&room))).await.refused(403, "M_FORBIDDEN");
        }
    };
    check().await;
    // Twice, and by those who never knew of it.
    bob.forget(&room).await.ok();
    carol.forget(&room).await.ok();
    carol.forget("!nowhere:localhost").await.ok();
    check().await;
    // Whoever comes back has a past again.
    alice.invite(&room, &bob).await.ok();
    bob.forget(&room).await.refused(400, "M_UNKNOWN");
    assert!(bob.sync(None).await["rooms"]["invite"][&room].is_object());
    bob.join(&room).await.ok();
    let page = bob.messages(&room, "dir=b&limit=50").await;
    assert!(crate::harness::bodies(&page["chunk"]).contains(&"remember me"));
    let path = format!("/_matrix/client/v3/rooms/{}/forget", encode(&room));
    server.anonymous("POST", &path, None).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn the_banned_and_those_who_declined_may_forget() {
    let (_server, [alice, bob, carol], room) = two_and_a_stranger().await;
    alice.ban(&room, &bob).await.ok();
    bob.forget(&room).await.ok();
    bob.join(&room).await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &carol).await.ok();
    carol.leave(&room).await.ok();
    carol.forget(&room).await.ok();
    alice.invite(&room, &carol).await.ok();
    assert!(carol.sync(None).await["rooms"]["invite"][&room].is_object());
}
