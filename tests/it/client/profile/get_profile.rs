//! `GET /_matrix/client/v3/profile/{userId}`

use serde_json::json;

use super::{path, set};
use crate::harness::Server;

#[tokio::test]
async fn a_profile_is_shown_with_all_its_fields() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    set(&alice, "avatar_url", json!("mxc://localhost/alice")).await.ok();
    set(&alice, "m.tz", json!("Europe/London")).await.ok();
    set(&alice, "org.example.pronouns", json!([{"language": "en", "summary": "she/her"}])).await.ok();
    let expected = json!({
        "displayname": "alice",
        "avatar_url": "mxc://localhost/alice",
        "m.tz": "Europe/London",
        "org.example.pronouns": [{"language": "en", "summary": "she/her"}],
    });
    assert_eq!(bob.get(&path(&alice.id, "")).await.ok(), expected);
    // One need not be logged in, nor be a client of today.
    let open = format!("/_matrix/client/v3{}", path(&alice.id, ""));
    assert_eq!(server.anonymous("GET", &open, None).await.ok(), expected);
    let old = format!("/_matrix/client/r0{}", path(&alice.id, ""));
    assert_eq!(server.anonymous("GET", &old, None).await.ok(), expected);
    let server = server.crash_and_restart().await;
    assert_eq!(bob.on(&server).get(&path(&alice.id, "")).await.ok(), expected);
}

#[tokio::test]
async fn who_is_not_here_has_none() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.get(&path("@nobody:localhost", "")).await.refused(404, "M_NOT_FOUND");
    alice.get("/profile/alice").await.refused(400, "M_INVALID_PARAM");
    // Somebody who was invited or mentioned has a name here, but no account.
    alice.create_room(json!({"invite": ["@ghost:localhost"]})).await;
    alice.get(&path("@ghost:localhost", "")).await.refused(404, "M_NOT_FOUND");
}
