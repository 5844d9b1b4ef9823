//! `PUT /_matrix/client/v3/user/{userId}/account_data/{type}`

use serde_json::{Value, json};

use super::path;
use crate::harness::{Server, account_data};

const KIND: &str = "org.example.settings";

#[tokio::test]
async fn other_devices_hear_of_it() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = alice.log_in_again(&server, "PHONE").await;
    let (since, bobs) = (phone.now().await, bob.now().await);
    alice.put(&path(&alice, None, KIND), json!({"theme": "dark"})).await.ok();
    let (content, since) =
        phone.sync_until(Some(&since), |answer| account_data(answer, None, KIND).cloned()).await;
    assert_eq!(content, json!({"theme": "dark"}));
    // Once told, it is not told again, until it changes.
    assert!(account_data(&phone.sync(Some(&since)).await, None, KIND).is_none());
    alice.put(&path(&alice, None, KIND), json!({})).await.ok();
    assert_eq!(account_data(&phone.sync(Some(&since)).await, None, KIND), Some(&json!({})));
    // Whoever begins gets all of it, and nobody else anything.
    assert_eq!(account_data(&phone.sync(None).await, None, KIND), Some(&json!({})));
    assert!(!bob.sync(Some(&bobs)).await.to_string().contains(KIND));
    assert!(!bob.sync(None).await.to_string().contains(KIND));
}

#[tokio::test]
async fn somebody_who_waits_is_woken() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let since = alice.now().await;
    let waiting = {
        let alice = alice.clone();
        tokio::spawn(async move { alice.get(&format!("/sync?timeout=20000&since={since}")).await.ok() })
    };
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let start = std::time::Instant::now();
    alice.put(&path(&alice, None, KIND), json!({"theme": "dark"})).await.ok();
    let answer = waiting.await.unwrap();
    assert_eq!(account_data(&answer, None, KIND), Some(&json!({"theme": "dark"})));
    assert!(start.elapsed().as_secs() < 10);
}

#[tokio::test]
async fn what_the_server_writes_cannot_be_written_by_hand() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    for kind in ["m.push_rules", "m.fully_read"] {
        for room in [None, Some(room.as_str())] {
            alice.put(&path(&alice, room, kind), json!({"event_id": "$a"})).await.refused(405, "M_BAD_JSON");
        }
    }
    let rules = alice.get(&path(&alice, None, "m.push_rules")).await.ok();
    assert!(rules["global"].is_object());
}

#[tokio::test]
async fn others_may_not_and_bad_content_is_refused() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let mine = path(&alice, None, KIND);
    bob.put(&mine, json!({})).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{mine}");
    server.anonymous("PUT", &open, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    for content in [json!([]), json!("text"), json!(7), Value::Null] {
        alice.put(&mine, content).await.refused(400, "M_BAD_JSON");
    }
    server.send_text("PUT", &open, Some(&alice.token), "{\"a\":").await.refused(400, "M_NOT_JSON");
    alice.put(&mine, json!({"a": "x".repeat(1024 * 1024)})).await.refused(413, "M_TOO_LARGE");
    alice.put(&path(&alice, None, &"x".repeat(256)), json!({})).await.refused(413, "M_TOO_LARGE");
    alice.get(&mine).await.refused(404, "M_NOT_FOUND");
    // Anything else may be kept, in any type's name.
    for kind in ["m.direct", "m.ignored_user_list", "a/b c?ü"] {
        let content = json!({"anything": true});
        alice.put(&path(&alice, None, kind), content.clone()).await.ok();
        assert_eq!(alice.get(&path(&alice, None, kind)).await.ok(), content);
    }
}
