//! `GET /_matrix/client/v3/pushrules/`

use serde_json::json;

use super::{rule_ids, rule_path};
use crate::harness::{Server, account_data};

#[tokio::test]
async fn everybody_begins_with_the_rules_of_the_specification() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let overrides = rule_ids(&alice, "override").await;
    assert_eq!(overrides[0], ".m.rule.master");
    for id in [
        ".m.rule.suppress_notices",
        ".m.rule.invite_for_me",
        ".m.rule.member_event",
        ".m.rule.is_user_mention",
        ".m.rule.is_room_mention",
        ".m.rule.tombstone",
        ".m.rule.reaction",
        ".m.rule.room.server_acl",
        ".m.rule.suppress_edits",
    ] {
        assert!(overrides.iter().any(|found| found == id), "no {id} in {overrides:?}");
    }
    let underrides = rule_ids(&alice, "underride").await;
    for id in [
        ".m.rule.call",
        ".m.rule.encrypted_room_one_to_one",
        ".m.rule.room_one_to_one",
        ".m.rule.message",
        ".m.rule.encrypted",
    ] {
        assert!(underrides.iter().any(|found| found == id), "no {id} in {underrides:?}");
    }
    let rules = alice.get("/pushrules/").await.ok();
    let of = |kind: &str, id: &str| {
        let rules = rules["global"][kind].as_array().unwrap();
        rules.iter().find(|rule| rule["rule_id"] == id).unwrap().clone()
    };
    let master = of("override", ".m.rule.master");
    assert_eq!((&master["enabled"], &master["default"]), (&json!(false), &json!(true)));
    let mention = of("override", ".m.rule.is_user_mention");
    assert_eq!(mention["conditions"][0]["value"], *alice.id);
    assert_eq!(mention["enabled"], true);
}

#[tokio::test]
async fn clients_hear_of_the_rules_in_sync() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let first = alice.sync(None).await;
    let rules = account_data(&first, None, "m.push_rules").expect("rules in the first sync");
    assert_eq!(rules["global"]["override"][0]["rule_id"], ".m.rule.master");
    let since = first["next_batch"].as_str().unwrap();
    alice.put(&rule_path("content", "tea"), json!({"pattern": "tea", "actions": ["notify"]})).await.ok();
    let (rules, _) =
        alice.sync_until(Some(since), |answer| account_data(answer, None, "m.push_rules").cloned()).await;
    assert_eq!(rules["global"]["content"][0]["rule_id"], "tea");
    assert_eq!(rules["global"]["override"][0]["rule_id"], ".m.rule.master");
}

#[tokio::test]
async fn strangers_have_no_rules() {
    let server = Server::start().await;
    server.anonymous("GET", "/_matrix/client/v3/pushrules/", None).await.refused(401, "M_MISSING_TOKEN");
}
