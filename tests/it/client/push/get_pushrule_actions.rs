//! `GET /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions`

use serde_json::json;

use super::rule_path;
use crate::harness::Server;

#[tokio::test]
async fn actions_are_read_alone() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let actions = json!(["notify", {"set_tweak": "sound", "value": "bing"}, {"set_tweak": "highlight"}]);
    let rule = json!({"pattern": "cake", "actions": actions});
    alice.put(&rule_path("content", "cake"), rule).await.ok();
    let found = alice.get(&format!("{}/actions", rule_path("content", "cake"))).await.ok();
    let found = found["actions"].as_array().unwrap();
    assert_eq!(found[0], "notify");
    assert_eq!(found[1], json!({"set_tweak": "sound", "value": "bing"}));
    // A highlight without a value means true.
    assert_eq!(found[2]["set_tweak"], "highlight");
    assert_ne!(found[2]["value"], false);

    let master = alice.get(&format!("{}/actions", rule_path("override", ".m.rule.master"))).await.ok();
    assert_eq!(master, json!({"actions": []}));
}

#[tokio::test]
async fn an_unknown_rule_has_no_actions() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = format!("{}/actions", rule_path("content", "nothing"));
    alice.get(&path).await.refused(404, "M_NOT_FOUND");
    let path = format!("/_matrix/client/v3{path}");
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
