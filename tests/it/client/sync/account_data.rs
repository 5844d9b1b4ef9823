//! `account_data`: what the user keeps, of a room and of none.

use serde_json::json;

use super::{is_quiet, joined, next};
use crate::harness::{User, account_data, encode, two_in_a_room};

async fn put(user: &User, room: Option<&str>, kind: &str, content: serde_json::Value) {
    let room = room.map(|room| format!("/rooms/{}", encode(room))).unwrap_or_default();
    user.put(&format!("/user/{}{room}/account_data/{kind}", user.id), content).await.ok();
}

#[tokio::test]
async fn what_changed_is_told_in_its_section() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    let (since, bob_since) = (phone.now().await, bob.now().await);
    put(&alice, None, "org.example.all", json!({"n": 1})).await;
    put(&alice, Some(&room), "org.example.room", json!({"n": 2})).await;
    let answer = phone.sync(Some(&since)).await;
    assert_eq!(account_data(&answer, None, "org.example.all"), Some(&json!({"n": 1})));
    assert_eq!(account_data(&answer, Some(&room), "org.example.room"), Some(&json!({"n": 2})));
    assert_eq!(account_data(&answer, None, "org.example.room"), None);
    assert_eq!(joined(&answer, &room)["timeline"]["events"], json!([]));
    put(&alice, None, "org.example.all", json!({"n": 3})).await;
    let answer = phone.sync(Some(next(&answer))).await;
    assert_eq!(account_data(&answer, None, "org.example.all"), Some(&json!({"n": 3})));
    assert!(is_quiet(&answer), "{answer}");
    // The first answer tells all of it, push rules included; others hear nothing.
    let first = phone.sync(None).await;
    assert_eq!(account_data(&first, None, "org.example.all"), Some(&json!({"n": 3})));
    assert_eq!(account_data(&first, Some(&room), "org.example.room"), Some(&json!({"n": 2})));
    assert!(account_data(&first, None, "m.push_rules").is_some_and(|rules| rules["global"].is_object()));
    let his = bob.sync(Some(&bob_since)).await;
    assert!(!his.to_string().contains("org.example"), "{his}");
    alice
        .put(&format!("/user/{}/rooms/{}/tags/m.favourite", alice.id, encode(&room)), json!({"order": 0.5}))
        .await
        .ok();
    let answer = phone.sync(Some(next(&first))).await;
    let tags = account_data(&answer, Some(&room), "m.tag").unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(tags["tags"]["m.favourite"]["order"], 0.5);
}
