//! `GET /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled`

use serde_json::json;

use super::rule_path;
use crate::harness::Server;

#[tokio::test]
async fn a_rule_says_whether_it_is_on() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let enabled = async |kind: &str, id: &str| alice.get(&format!("{}/enabled", rule_path(kind, id))).await;
    assert_eq!(enabled("override", ".m.rule.master").await.ok(), json!({"enabled": false}));
    assert_eq!(enabled("underride", ".m.rule.message").await.ok(), json!({"enabled": true}));
    enabled("underride", "nothing").await.refused(404, "M_NOT_FOUND");
    let path = "/_matrix/client/v3/pushrules/global/override/.m.rule.master/enabled";
    server.anonymous("GET", path, None).await.refused(401, "M_MISSING_TOKEN");
}
