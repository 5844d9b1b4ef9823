//! `GET /_matrix/client/v3/user/{userId}/account_data/{type}`

use serde_json::json;

use super::path;
use crate::harness::Server;

#[tokio::test]
async fn what_was_kept_is_read_by_its_owner() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let mine = path(&alice, None, "org.example.settings");
    alice.get(&mine).await.refused(404, "M_NOT_FOUND");
    let content = json!({"theme": "dark", "nested": {"list": [1, 2.5, null, "ü"]}});
    alice.put(&mine, content.clone()).await.ok();
    assert_eq!(alice.get(&mine).await.ok(), content);
    bob.get(&mine).await.refused(403, "M_FORBIDDEN");
    server.register_admin("admin").await.get(&mine).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{mine}");
    server.anonymous("GET", &open, None).await.refused(401, "M_MISSING_TOKEN");
    bob.get(&path(&bob, None, "org.example.settings")).await.refused(404, "M_NOT_FOUND");
    alice.get("/user/alice/account_data/org.example.settings").await.refused(400, "M_INVALID_PARAM");
    let server = server.crash_and_restart().await;
    assert_eq!(alice.on(&server).get(&mine).await.ok(), content);
}

#[tokio::test]
async fn push_rules_are_there_from_the_start() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let rules = alice.get(&path(&alice, None, "m.push_rules")).await.ok();
    assert!(rules["global"]["override"].as_array().is_some_and(|rules| !rules.is_empty()), "{rules}");
    alice.put("/pushrules/global/content/cake", json!({"pattern": "cake", "actions": ["notify"]})).await.ok();
    let rules = alice.get(&path(&alice, None, "m.push_rules")).await.ok();
    assert_eq!(rules["global"]["content"][0]["rule_id"], "cake");
}
