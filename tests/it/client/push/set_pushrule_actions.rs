//! `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions`

use serde_json::json;

use super::{Pair, rule_path};
use crate::harness::Server;

#[tokio::test]
async fn a_default_rule_can_do_something_else() {
    let pair = Pair::start().await;
    pair.writer.say(&pair.room, "one").await;
    assert_eq!(pair.counts().await, (1, 0));
    let path = format!("{}/actions", rule_path("underride", ".m.rule.room_one_to_one"));
    let actions = json!(["notify", {"set_tweak": "highlight", "value": true}]);
    assert_eq!(pair.reader.put(&path, json!({"actions": actions})).await.ok(), json!({}));
    assert_eq!(pair.reader.get(&path).await.ok()["actions"].as_array().unwrap().len(), 2);
    pair.writer.say(&pair.room, "two").await;
    let (notifications, highlights) = pair.counts().await;
    assert!(notifications == 2 && highlights >= 1, "{notifications} {highlights}");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = |id: &str| format!("{}/actions", rule_path("underride", id));
    alice.put(&path("nothing"), json!({"actions": []})).await.refused(404, "M_NOT_FOUND");
    alice.put(&path(".m.rule.message"), json!({"actions": 1})).await.refused(400, "M_BAD_JSON");
    alice.put(&path(".m.rule.message"), json!({})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{}", path(".m.rule.message"));
    server.anonymous("PUT", &path, Some(json!({"actions": []}))).await.refused(401, "M_MISSING_TOKEN");
    let kept = alice.get(&rule_path("underride", ".m.rule.message")).await.ok();
    assert_eq!(kept["actions"], json!(["notify"]));
}
