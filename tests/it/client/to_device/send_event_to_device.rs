//! `PUT /_matrix/client/v3/sendToDevice/{eventType}/{txnId}`

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Server, User};

async fn send(from: &User, transaction: &str, to: &str, device: &str, number: usize) {
    let body = json!({"messages": {to: {device: {"number": number}}}});
    from.put(&format!("/sendToDevice/m.test/{transaction}"), body).await.ok();
}

/// The numbers of the messages in an answer.
fn numbers(answer: &Value) -> Vec<usize> {
    let events = answer["to_device"]["events"].as_array();
    let number = |event: &Value| usize::try_from(event["content"]["number"].as_u64().unwrap()).unwrap();
    events.into_iter().flatten().map(number).collect()
}

fn next(answer: &Value) -> String {
    answer["next_batch"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn messages_arrive_once_acknowledged_they_are_gone() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let phone = bob.log_in_again(&server, "PHONE").await;
    let start = bob.now().await;
    send(&alice, "t1", &bob.id, "BOBDEVICE", 1).await;
    // The same request again sends nothing again, also after a restart; another type is another request.
    send(&alice, "t1", &bob.id, "BOBDEVICE", 1).await;
    let server = server.crash_and_restart().await;
    let (alice, bob, phone) = (alice.on(&server), bob.on(&server), phone.on(&server));
    send(&alice, "t1", &bob.id, "BOBDEVICE", 1).await;
    send(&alice, "t2", &bob.id, "*", 2).await;
    send(&alice, "t3", &bob.id, "NONE", 3).await;
    let first = bob.sync(Some(&start)).await;
    assert_eq!(numbers(&first), [1, 2]);
    let event = json!({"sender": alice.id, "type": "m.test", "content": {"number": 1}});
    assert_eq!(first["to_device"]["events"][0], event);
    // An answer that was lost is given again.
    assert_eq!(numbers(&bob.sync(Some(&start)).await), [1, 2]);
    assert_eq!(numbers(&bob.sync(Some(&next(&first))).await), [0_usize; 0]);
    assert_eq!(numbers(&bob.sync(Some(&start)).await), [0_usize; 0], "acknowledged");
    assert_eq!(numbers(&phone.sync(None).await), [2]);
}

#[tokio::test]
async fn many_messages_come_in_order_and_in_parts() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let mut since = bob.now().await;
    for number in 0..230 {
        send(&alice, &format!("t{number}"), &bob.id, "BOBDEVICE", number).await;
    }
    let server = server.restart().await;
    let bob = bob.on(&server);
    let mut found = Vec::new();
    for expected in [100, 100, 30, 0] {
        let answer = bob.sync(Some(&since)).await;
        let part = numbers(&answer);
        assert_eq!(part.len(), expected);
        found.extend(part);
        since = next(&answer);
        // The token is good everywhere.
        bob.get(&format!("/keys/changes?from={since}&to={since}")).await.ok();
    }
    assert_eq!(found, (0..230).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_message_wakes_who_waits() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let since = bob.now().await;
    let since = next(&bob.sync(Some(&since)).await);
    let path = format!("/sync?timeout=30000&since={since}");
    let (answer, ()) = tokio::join!(bob.get(&path), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        send(&alice, "t", &bob.id, "*", 7).await;
    });
    assert_eq!(numbers(&answer.ok()), [7]);
}

#[tokio::test]
async fn a_new_device_of_an_old_name_gets_nothing_old_and_bad_input_is_refused() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    bob.log_in_again(&server, "PHONE").await;
    send(&alice, "t", &bob.id, "PHONE", 1).await;
    bob.call_with_password("DELETE", "/devices/PHONE", json!({})).await.ok();
    let phone = bob.log_in_again(&server, "PHONE").await;
    assert_eq!(numbers(&phone.sync(None).await), [0_usize; 0]);
    let path = "/sendToDevice/m.test/bad";
    for body in [json!({}), json!({"messages": 7}), json!({"messages": {&bob.id: {"*": 7}}})] {
        alice.put(path, body).await.refused(400, "M_BAD_JSON");
    }
    let long = json!({"messages": {&bob.id: {"*": {"text": "x".repeat(70_000)}}}});
    alice.put(path, long).await.refused(413, "M_TOO_LARGE");
    let path = format!("/_matrix/client/v3{path}");
    server.anonymous("PUT", &path, Some(json!({"messages": {}}))).await.refused(401, "M_MISSING_TOKEN");
    assert_eq!(numbers(&phone.sync(None).await), [0_usize; 0]);
}
