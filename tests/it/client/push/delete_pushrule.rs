//! `DELETE /_matrix/client/v3/pushrules/global/{kind}/{ruleId}`

use serde_json::json;

use super::{own_rule_ids, rule_path};
use crate::harness::Server;

#[tokio::test]
async fn a_rule_can_be_taken_away() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    for user in [&alice, &bob] {
        user.put(&rule_path("content", "tea"), json!({"actions": [], "pattern": "tea"})).await.ok();
    }
    assert_eq!(alice.delete(&rule_path("content", "tea")).await.ok(), json!({}));
    alice.get(&rule_path("content", "tea")).await.refused(404, "M_NOT_FOUND");
    alice.delete(&rule_path("content", "tea")).await.refused(404, "M_NOT_FOUND");
    assert_eq!(own_rule_ids(&bob, "content").await, ["tea"]);
}

#[tokio::test]
async fn defaults_stay() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = rule_path("override", ".m.rule.master");
    alice.delete(&path).await.refused(400, "M_INVALID_PARAM");
    alice.get(&path).await.ok();
    let path = format!("/_matrix/client/v3{path}");
    server.anonymous("DELETE", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
