//! `PUT /_synapse/admin/v1/suspend/{userId}`

use serde_json::json;

use crate::harness::{Server, encode};

fn path(user: &str) -> String {
    format!("/_synapse/admin/v1/suspend/{}", encode(user))
}

#[tokio::test]
async fn a_user_is_suspended_and_reinstated() {
    let server = Server::start().await;
    let (admin, alice) = (server.register_admin("admin").await, server.register("alice").await);
    let room = alice.create_room(json!({})).await;
    let answer = admin.put(&path(&alice.id), json!({"suspend": true})).await.ok();
    assert_eq!(answer, json!({(format!("user_{}_suspended", alice.id)): true}));
    let message = json!({"msgtype": "m.text", "body": "hello"});
    alice.send_event(&room, "m.room.message", message).await.refused(403, "M_USER_SUSPENDED");
    admin.put(&path(&alice.id), json!({"suspend": false})).await.ok();
    alice.say(&room, "hello").await;
    alice.put(&path(&alice.id), json!({"suspend": true})).await.refused(403, "M_FORBIDDEN");
    let stranger = server.anonymous("PUT", &path(&alice.id), Some(json!({"suspend": true}))).await;
    stranger.refused(401, "M_MISSING_TOKEN");
    admin.put(&path("@nobody:localhost"), json!({"suspend": true})).await.refused(404, "M_NOT_FOUND");
    admin.put(&path("@a:elsewhere.example"), json!({"suspend": true})).await.refused(400, "M_UNKNOWN");
    admin.put(&path(&alice.id), json!({})).await.refused(400, "M_BAD_JSON");
}
