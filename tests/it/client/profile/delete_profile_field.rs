//! `DELETE /_matrix/client/v3/profile/{userId}/{keyName}`

use serde_json::json;

use super::{path, set};
use crate::harness::Server;

#[tokio::test]
async fn fields_go_one_at_a_time() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    set(&alice, "m.tz", json!("Europe/London")).await.ok();
    set(&alice, "org.example.a", json!(null)).await.ok();
    set(&alice, "avatar_url", json!("mxc://localhost/alice")).await.ok();
    for field in ["m.tz", "displayname", "avatar_url"] {
        assert_eq!(alice.delete(&path(&alice.id, field)).await.ok(), json!({}));
        alice.get(&path(&alice.id, field)).await.refused(404, "M_NOT_FOUND");
        // What is gone can go again.
        alice.delete(&path(&alice.id, field)).await.ok();
    }
    assert_eq!(alice.get(&path(&alice.id, "")).await.ok(), json!({"org.example.a": null}));
}

#[tokio::test]
async fn others_may_not_and_administrators_may() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let admin = server.register_admin("admin").await;
    set(&alice, "m.tz", json!("Europe/London")).await.ok();
    let tz = path(&alice.id, "m.tz");
    bob.delete(&tz).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{tz}");
    server.anonymous("DELETE", &open, None).await.refused(401, "M_MISSING_TOKEN");
    alice.delete(&path(&alice.id, "M.TZ")).await.refused(400, "M_INVALID_PARAM");
    alice.get(&tz).await.ok();
    admin.delete(&tz).await.ok();
    alice.get(&tz).await.refused(404, "M_NOT_FOUND");
}
