//! `DELETE /_matrix/client/unstable/org.matrix.msc3391/user/{userId}/account_data/{type}`

use serde_json::json;

use crate::harness::{Server, account_data, encode};

fn path(user: &str, kind: &str) -> String {
    format!("/_matrix/client/unstable/org.matrix.msc3391/user/{}/account_data/{kind}", encode(user))
}

#[tokio::test]
async fn what_was_kept_is_forgotten() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let kept = format!("/user/{}/account_data/org.example.note", encode(&alice.id));
    alice.put(&kept, json!({"text": "tea"})).await.ok();
    let since = alice.now().await;
    alice.delete(&path(&alice.id, "org.example.note")).await.ok();
    alice.get(&kept).await.refused(404, "M_NOT_FOUND");
    let told = alice.sync(Some(&since)).await;
    assert_eq!(account_data(&told, None, "org.example.note"), Some(&json!({})));
    let all = alice.sync(None).await;
    assert_eq!(account_data(&all, None, "org.example.note"), None);
    // It can be kept again, and forgetting what is not there is no mistake.
    let since = alice.now().await;
    alice.delete(&path(&alice.id, "org.example.note")).await.ok();
    alice.put(&kept, json!({"text": "coffee"})).await.ok();
    assert_eq!(alice.get(&kept).await.ok(), json!({"text": "coffee"}));
    let told = alice.sync(Some(&since)).await;
    assert_eq!(account_data(&told, None, "org.example.note"), Some(&json!({"text": "coffee"})));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    bob.delete(&path(&alice.id, "org.example.note")).await.refused(403, "M_FORBIDDEN");
    alice.delete(&path(&alice.id, "m.push_rules")).await.refused(405, "M_BAD_JSON");
    alice.delete(&path("nobody", "org.example.note")).await.refused(400, "M_INVALID_PARAM");
    server.anonymous("DELETE", &path(&alice.id, "x"), None).await.refused(401, "M_MISSING_TOKEN");
}
