//! `PUT /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription`

use serde_json::json;

use super::{subscription, thread};
use crate::harness::{Server, User, encode};

#[tokio::test]
async fn what_the_user_says_comes_before_what_a_client_thinks() {
    let server = Server::start().await;
    let (alice, bob, room, root, answer) = thread(&server).await;
    let path = subscription(&room, &root);
    alice.put(&path, json!({"automatic": answer})).await.ok();
    assert_eq!(alice.get(&path).await.ok(), json!({"automatic": true}));
    alice.put(&path, json!({})).await.ok();
    assert_eq!(alice.get(&path).await.ok(), json!({"automatic": false}));
    alice.put(&path, json!({"automatic": answer})).await.ok();
    assert_eq!(alice.get(&path).await.ok(), json!({"automatic": false}));
    // It is hers alone, and survives.
    bob.get(&path).await.refused(404, "M_NOT_FOUND");
    let server = server.crash_and_restart().await;
    assert_eq!(alice.on(&server).get(&path).await.ok(), json!({"automatic": false}));
}

#[tokio::test]
async fn a_client_does_not_undo_what_the_user_has_ended() {
    let server = Server::start().await;
    let (alice, bob, room, root, answer) = thread(&server).await;
    let path = subscription(&room, &root);
    alice.put(&path, json!({"automatic": answer})).await.ok();
    alice.delete(&path).await.ok();
    let conflict = "IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION";
    alice.put(&path, json!({"automatic": answer})).await.refused(409, conflict);
    // What has been said since is another matter.
    let later = bob.relate(&room, "m.thread", &root, "but still").await;
    alice.put(&path, json!({"automatic": later})).await.ok();
    assert_eq!(alice.get(&path).await.ok(), json!({"automatic": true}));
}

#[tokio::test]
async fn there_has_to_be_such_a_thread() {
    let server = Server::start().await;
    let (alice, bob, room, root, _) = thread(&server).await;
    let aside = bob.say(&room, "by the way").await;
    let path = subscription(&room, &root);
    let outside = "IO.ELEMENT.MSC4306.M_NOT_IN_THREAD";
    alice.put(&path, json!({"automatic": aside})).await.refused(400, outside);
    alice.put(&path, json!({"automatic": "$nothing"})).await.refused(400, outside);
    alice.put(&path, json!({"automatic": 7})).await.refused(400, "M_BAD_JSON");
    alice.put(&subscription(&room, "$nothing"), json!({})).await.refused(404, "M_NOT_FOUND");
    alice.put(&subscription("!nowhere:localhost", &root), json!({})).await.refused(404, "M_NOT_FOUND");
    let eve = server.register("eve").await;
    eve.put(&path, json!({})).await.refused(404, "M_NOT_FOUND");
    server.anonymous("PUT", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}

/// How many unread events notify the user in a thread.
async fn unread(user: &User, room: &str, root: &str) -> u64 {
    let filter = json!({"room": {"timeline": {"unread_thread_notifications": true}}}).to_string();
    let answer = user.sync_with(&format!("filter={}", encode(&filter))).await;
    let threads = &answer["rooms"]["join"][room]["unread_thread_notifications"];
    threads[root]["notification_count"].as_u64().unwrap_or_default()
}

/// Says something in a thread that mentions the user.
async fn mention(sender: &User, user: &User, room: &str, root: &str) {
    let content = json!({
        "msgtype": "m.text", "body": "you?", "m.mentions": {"user_ids": [user.id]},
        "m.relates_to": {"rel_type": "m.thread", "event_id": root},
    });
    sender.send_event(room, "m.room.message", content).await.ok();
}

#[tokio::test]
async fn who_subscribes_hears_only_of_what_they_are_subscribed_to() {
    let server = Server::start().await;
    let (alice, bob, room, root, _) = thread(&server).await;
    let path = subscription(&room, &root);
    let other = bob.say(&room, "something else").await;
    bob.relate(&room, "m.thread", &other, "is going on").await;
    // A client that knows nothing of subscriptions goes on hearing of every thread.
    assert_eq!(unread(&alice, &room, &root).await, 1);
    assert_eq!(unread(&alice, &room, &other).await, 1);
    let since = alice.now().await;
    alice.put(&path, json!({})).await.ok();
    assert_eq!(unread(&alice, &room, &root).await, 1);
    assert_eq!(unread(&alice, &room, &other).await, 0);
    mention(&bob, &alice, &room, &other).await;
    assert_eq!(unread(&alice, &room, &other).await, 1);
    alice.delete(&path).await.ok();
    assert_eq!(unread(&alice, &room, &root).await, 0);
    // Their other devices are told of the rules, once.
    let told = alice.sync_with(&format!("since={since}")).await["account_data"].to_string();
    assert!(told.contains(".io.element.msc4306.rule.subscribed_thread"), "{told}");
    let rules = bob.get("/pushrules/").await.ok();
    assert!(!rules.to_string().contains("msc4306"), "{rules}");
}

#[tokio::test]
async fn the_operator_may_have_it_so_for_everyone() {
    let server = Server::start_with("[rooms]\nthread_rules_for_everyone = true\n").await;
    let (alice, bob, room, root, _) = thread(&server).await;
    assert_eq!(unread(&alice, &room, &root).await, 0);
    mention(&bob, &alice, &room, &root).await;
    assert_eq!(unread(&alice, &room, &root).await, 1);
    let rules = alice.get("/pushrules/").await.ok();
    let [unsubscribed, subscribed] = rules["global"]["postcontent"].as_array().unwrap().as_slice() else {
        panic!("{rules}")
    };
    assert_eq!(unsubscribed["rule_id"], ".io.element.msc4306.rule.unsubscribed_thread");
    let condition = json!({"kind": "io.element.msc4306.thread_subscription", "subscribed": false});
    assert_eq!(unsubscribed["conditions"], json!([condition]));
    assert_eq!(subscribed["rule_id"], ".io.element.msc4306.rule.subscribed_thread");
    assert_eq!(subscribed["actions"], json!(["notify", {"set_tweak": "sound", "value": "default"}]));
    // They are switched off under either name of their kind, and stand alone in it.
    for (kind, enabled) in [("postcontent", false), ("io.element.msc4306.postcontent", true)] {
        let path = format!("/pushrules/global/{kind}/.io.element.msc4306.rule.unsubscribed_thread");
        alice.put(&format!("{path}/enabled"), json!({"enabled": enabled})).await.ok();
        assert_eq!(alice.get(&path).await.ok()["enabled"], enabled);
    }
}
