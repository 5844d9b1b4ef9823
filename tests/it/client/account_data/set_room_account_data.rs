//! `PUT /_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}`

use serde_json::json;

use super::path;
use crate::harness::{account_data, encode, two_in_a_room};

const KIND: &str = "org.example.colour";

#[tokio::test]
async fn it_comes_with_the_room() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let (since, bobs) = (alice.now().await, bob.now().await);
    let mine = path(&alice, Some(&room), KIND);
    alice.put(&mine, json!({"colour": "red"})).await.ok();
    let answer = alice.sync(Some(&since)).await;
    assert_eq!(account_data(&answer, Some(&room), KIND), Some(&json!({"colour": "red"})), "{answer}");
    assert!(account_data(&answer, None, KIND).is_none());
    let since = answer["next_batch"].as_str().unwrap();
    assert!(account_data(&alice.sync(Some(since)).await, Some(&room), KIND).is_none());
    assert_eq!(account_data(&alice.sync(None).await, Some(&room), KIND), Some(&json!({"colour": "red"})));
    assert!(!bob.sync(Some(&bobs)).await.to_string().contains(KIND));
    // Leaving and coming back changes nothing about it.
    alice.post(&format!("/rooms/{}/leave", encode(&room)), json!({})).await.ok();
    assert_eq!(alice.get(&mine).await.ok(), json!({"colour": "red"}));
}

#[tokio::test]
async fn others_may_not_and_bad_content_is_refused() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let mine = path(&alice, Some(&room), KIND);
    bob.put(&mine, json!({})).await.refused(403, "M_FORBIDDEN");
    let open = format!("/_matrix/client/v3{mine}");
    server.anonymous("PUT", &open, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
    alice.put(&mine, json!([])).await.refused(400, "M_BAD_JSON");
    alice.put(&mine, json!({"a": "x".repeat(1024 * 1024)})).await.refused(413, "M_TOO_LARGE");
    alice.put(&path(&alice, Some("!unknown:localhost"), KIND), json!({})).await.refused(404, "M_NOT_FOUND");
    alice.put(&path(&alice, Some("#tea:localhost"), KIND), json!({})).await.refused(400, "M_INVALID_PARAM");
    alice.get(&mine).await.refused(404, "M_NOT_FOUND");
}
