//! `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled`

use serde_json::json;

use super::{Pair, rule_path};
use crate::harness::Server;

#[tokio::test]
async fn a_rule_that_is_off_says_nothing() {
    let pair = Pair::start().await;
    let path = format!("{}/enabled", rule_path("underride", ".m.rule.room_one_to_one"));
    assert_eq!(pair.reader.put(&path, json!({"enabled": false})).await.ok(), json!({}));
    assert_eq!(pair.reader.get(&path).await.ok(), json!({"enabled": false}));
    // The next rule that applies decides.
    pair.writer.say(&pair.room, "one").await;
    assert_eq!(pair.counts().await, (1, 0));
    let path = format!("{}/enabled", rule_path("underride", ".m.rule.message"));
    pair.reader.put(&path, json!({"enabled": false})).await.ok();
    pair.writer.say(&pair.room, "two").await;
    assert_eq!(pair.counts().await, (0, 0));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = |id: &str| format!("{}/enabled", rule_path("override", id));
    alice.put(&path("nothing"), json!({"enabled": true})).await.refused(404, "M_NOT_FOUND");
    alice.put(&path(".m.rule.master"), json!({"enabled": "yes"})).await.refused(400, "M_BAD_JSON");
    alice.put(&path(".m.rule.master"), json!({})).await.refused(400, "M_BAD_JSON");
    let path = format!("/_matrix/client/v3{}", path(".m.rule.master"));
    server.anonymous("PUT", &path, Some(json!({"enabled": true}))).await.refused(401, "M_MISSING_TOKEN");
}
