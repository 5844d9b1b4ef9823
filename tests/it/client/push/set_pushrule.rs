//! `PUT /_matrix/client/v3/pushrules/global/{kind}/{ruleId}`

use serde_json::{Value, json};

use super::{own_rule_ids, rule_ids, rule_path};
use crate::harness::{Server, encode};

#[tokio::test]
async fn every_kind_of_rule_can_be_made_and_stays() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let condition = json!({"kind": "event_match", "key": "type", "pattern": "m.*"});
    let rules = [
        ("override", "first", json!({"actions": ["notify"], "conditions": [condition]})),
        ("underride", "last", json!({"actions": [], "conditions": [condition]})),
        ("sender", "@carol:localhost", json!({"actions": []})),
        ("room", "!somewhere:localhost", json!({"actions": []})),
        ("content", "tea", json!({"actions": ["notify"], "pattern": "te?"})),
    ];
    for (kind, id, rule) in &rules {
        assert_eq!(alice.put(&rule_path(kind, id), rule.clone()).await.ok(), json!({}));
    }
    let server = server.restart().await;
    let alice = alice.on(&server);
    for (kind, id, rule) in &rules {
        let found = alice.get(&rule_path(kind, id)).await.ok();
        for (key, value) in rule.as_object().unwrap() {
            assert_eq!(found[key], *value, "{kind}");
        }
        assert_eq!((&found["default"], &found["enabled"]), (&json!(false), &json!(true)), "{kind}");
    }
}

#[tokio::test]
async fn rules_are_asked_in_the_order_that_was_wished() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let put = async |id: &str, query: &str| {
        let rule = json!({"actions": [], "conditions": []});
        alice.put(&format!("{}{query}", rule_path("override", id)), rule).await
    };
    put("a", "").await.ok();
    // A new rule without a wish is the most important one of its kind.
    put("b", "").await.ok();
    assert_eq!(own_rule_ids(&alice, "override").await, ["b", "a"]);
    put("c", "?after=b").await.ok();
    assert_eq!(own_rule_ids(&alice, "override").await, ["b", "c", "a"]);
    put("d", "?before=b").await.ok();
    assert_eq!(own_rule_ids(&alice, "override").await, ["d", "b", "c", "a"]);
    // A rule that is there moves only when asked to.
    put("a", "").await.ok();
    assert_eq!(own_rule_ids(&alice, "override").await, ["d", "b", "c", "a"]);
    put("a", "?before=d").await.ok();
    assert_eq!(own_rule_ids(&alice, "override").await, ["a", "d", "b", "c"]);
    put("a", "?after=c").await.ok();
    assert_eq!(own_rule_ids(&alice, "override").await, ["d", "b", "c", "a"]);
    // The master rule comes before everything a user makes, all other defaults behind.
    let all = rule_ids(&alice, "override").await;
    assert_eq!(all[0], ".m.rule.master");
    assert_eq!(all[1..5], ["d", "b", "c", "a"]);
}

#[tokio::test]
async fn a_rule_without_conditions_applies_to_everything() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.put(&rule_path("underride", "all"), json!({"actions": ["notify"]})).await.ok();
    let rule = alice.get(&rule_path("underride", "all")).await.ok();
    assert_eq!(rule["conditions"].as_array().map(Vec::len).unwrap_or_default(), 0);
}

#[tokio::test]
async fn actions_that_are_not_known_do_no_harm() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    // The first two had a meaning once.
    for action in ["dont_notify", "coalesce", "org.example.wave"] {
        let rule = json!({"actions": [action], "pattern": "x"});
        alice.put(&rule_path("content", action), rule).await.ok();
    }
    let kinds = json!({"actions": [], "conditions": [{"kind": "org.example.full_moon", "phase": 1}]});
    alice.put(&rule_path("override", "moon"), kinds).await.ok();
    assert_eq!(own_rule_ids(&alice, "content").await.len(), 3);
    assert_eq!(own_rule_ids(&alice, "override").await, ["moon"]);
}

#[tokio::test]
async fn a_replaced_rule_stays_switched_off() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let path = rule_path("content", "tea");
    alice.put(&path, json!({"actions": ["notify"], "pattern": "tea"})).await.ok();
    alice.put(&format!("{path}/enabled"), json!({"enabled": false})).await.ok();
    alice.put(&path, json!({"actions": [], "pattern": "green tea"})).await.ok();
    let rule = alice.get(&path).await.ok();
    assert_eq!((&rule["enabled"], &rule["pattern"]), (&json!(false), &json!("green tea")));
}

#[tokio::test]
async fn rules_that_cannot_be_are_refused() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let good = || json!({"actions": [], "conditions": []});
    let refuse = async |kind: &str, id: &str, rule: Value, errcode: &str| {
        let path = format!("/pushrules/global/{kind}/{id}");
        alice.put(&path, rule).await.refused(400, errcode);
    };
    refuse("override", ".mine", good(), "M_INVALID_PARAM").await;
    refuse("override", ".m.rule.master", good(), "M_INVALID_PARAM").await;
    refuse("override", "a%2Fb", good(), "M_INVALID_PARAM").await;
    refuse("override", "a%5Cb", good(), "M_INVALID_PARAM").await;
    refuse("nonsense", "a", good(), "M_INVALID_PARAM").await;
    refuse("room", "no-room-id", good(), "M_INVALID_PARAM").await;
    refuse("sender", "no-user-id", good(), "M_INVALID_PARAM").await;
    refuse("override", "a?before=nobody", good(), "M_UNKNOWN").await;
    refuse("override", "a?after=nobody", good(), "M_UNKNOWN").await;
    refuse("override", "a", json!({"actions": "notify", "conditions": []}), "M_BAD_JSON").await;
    refuse("override", "a", json!({"actions": [], "conditions": {}}), "M_BAD_JSON").await;
    refuse("override", "a", json!({"conditions": []}), "M_BAD_JSON").await;
    refuse("content", "a", json!({"actions": []}), "M_BAD_JSON").await;
    refuse("content", "a", json!({"actions": [], "pattern": 7}), "M_BAD_JSON").await;
    refuse("override", "a", json!([]), "M_BAD_JSON").await;
    assert!(own_rule_ids(&alice, "override").await.is_empty(), "what is refused leaves nothing behind");
}

#[tokio::test]
async fn rules_have_a_size_limit() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let rule = json!({"actions": [], "pattern": "x".repeat(300_000)});
    alice.put(&rule_path("content", "long"), rule).await.refused(413, "M_TOO_LARGE");
    assert!(own_rule_ids(&alice, "content").await.is_empty());
}

#[tokio::test]
async fn rules_belong_to_the_user_of_the_token() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    alice.put(&rule_path("content", "tea"), json!({"actions": [], "pattern": "tea"})).await.ok();
    assert!(own_rule_ids(&bob, "content").await.is_empty());
    let path = format!("/_matrix/client/v3/pushrules/global/content/{}", encode("tea"));
    let rule = Some(json!({"actions": [], "pattern": "tea"}));
    server.anonymous("PUT", &path, rule).await.refused(401, "M_MISSING_TOKEN");
}
