//! `PUT /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription`

use serde_json::json;

use super::{server, subscription, thread};
use crate::harness::{Server, encode};

#[tokio::test]
async fn what_the_user_says_comes_before_what_a_client_thinks() {
    let server = server().await;
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
    let server = server().await;
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
    let server = server().await;
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

#[tokio::test]
async fn threads_without_the_reader_count_only_mentions() {
    let server = server().await;
    let (alice, bob, room, root, _) = thread(&server).await;
    let path = subscription(&room, &root);
    let filter = json!({"room": {"timeline": {"unread_thread_notifications": true}}}).to_string();
    let unread = async || {
        let answer = alice.sync_with(&format!("filter={}", encode(&filter))).await;
        let threads = &answer["rooms"]["join"][&room]["unread_thread_notifications"];
        threads[&root]["notification_count"].as_u64().unwrap_or_default()
    };
    assert_eq!(unread().await, 0);
    let mention = json!({
        "msgtype": "m.text", "body": "alice?", "m.mentions": {"user_ids": [alice.id]},
        "m.relates_to": {"rel_type": "m.thread", "event_id": root},
    });
    bob.send_event(&room, "m.room.message", mention).await.ok();
    assert_eq!(unread().await, 1);
    alice.put(&path, json!({})).await.ok();
    bob.relate(&room, "m.thread", &root, "never mind").await;
    assert_eq!(unread().await, 3);
    alice.delete(&path).await.ok();
    assert_eq!(unread().await, 1);
}

#[tokio::test]
async fn where_the_operator_does_not_want_it_there_is_nothing() {
    let server = Server::start().await;
    let (alice, _, room, root, _) = thread(&server).await;
    alice.put(&subscription(&room, &root), json!({})).await.refused(404, "M_UNRECOGNIZED");
    let versions = server.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.msc4306"], false);
    let rules = alice.get("/pushrules/").await.ok();
    assert!(!rules.to_string().contains("msc4306"), "{rules}");
}
