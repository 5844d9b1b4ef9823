//! `GET /_matrix/client/v3/pushrules/global/{kind}/{ruleId}`

use serde_json::json;

use super::rule_path;
use crate::harness::Server;

#[tokio::test]
async fn one_rule_is_found_by_kind_and_id() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let rule = alice.get(&rule_path("underride", ".m.rule.message")).await.ok();
    assert_eq!(rule["rule_id"], ".m.rule.message");
    assert_eq!(rule["actions"], json!(["notify"]));
    assert_eq!(rule["conditions"][0]["kind"], "event_match");

    alice.put(&rule_path("sender", &bob.id), json!({"actions": []})).await.ok();
    let rule = alice.get(&rule_path("sender", &bob.id)).await.ok();
    let expected = json!({"rule_id": bob.id, "actions": [], "default": false, "enabled": true});
    assert_eq!(rule, expected);
    // Rules are one's own.
    bob.get(&rule_path("sender", &bob.id)).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.get(&rule_path("override", "nothing")).await.refused(404, "M_NOT_FOUND");
    alice.get(&rule_path("underride", ".m.rule.master")).await.refused(404, "M_NOT_FOUND");
    alice.get(&rule_path("no_such_kind", ".m.rule.master")).await.refused(404, "M_NOT_FOUND");
    let path = "/_matrix/client/v3/pushrules/global/override/.m.rule.master";
    server.anonymous("GET", path, None).await.refused(401, "M_MISSING_TOKEN");
}
