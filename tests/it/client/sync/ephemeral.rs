//! `ephemeral`: receipts and typing, in their sections and behind their filters.

use serde_json::json;

use super::{filtered, is_quiet, next};
use crate::harness::{encode, ephemeral, receipt_of, two_in_a_room};

#[tokio::test]
async fn receipts_and_typing_are_told_apart_from_events() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "read me").await;
    let since = alice.now().await;
    bob.post(&format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&event)), json!({})).await.ok();
    let typing = json!({"typing": true, "timeout": 30_000});
    bob.put(&format!("/rooms/{}/typing/{}", encode(&room), encode(&bob.id)), typing).await.ok();
    let answer = alice.sync(Some(&since)).await;
    assert_eq!(receipt_of(&answer, &room, "m.read", &bob.id), Some((event.clone(), None)));
    assert_eq!(ephemeral(&answer, &room, "m.typing"), Some(&json!({"user_ids": [bob.id]})));
    assert_eq!(answer["rooms"]["join"][&room]["timeline"]["events"], json!([]));
    assert!(is_quiet(&alice.sync(Some(next(&answer))).await));
    // The first answer tells how things stand.
    let first = alice.sync(None).await;
    assert_eq!(receipt_of(&first, &room, "m.read", &bob.id), Some((event, None)));
    assert_eq!(ephemeral(&first, &room, "m.typing"), Some(&json!({"user_ids": [bob.id]})));

    let no_typing = json!({"room": {"ephemeral": {"not_types": ["m.typing"]}}});
    let answer = filtered(&alice, &no_typing, Some(&since)).await;
    assert!(
        ephemeral(&answer, &room, "m.typing").is_none() && ephemeral(&answer, &room, "m.receipt").is_some()
    );
    let nothing = json!({"room": {"ephemeral": {"types": []}}});
    assert!(is_quiet(&filtered(&alice, &nothing, Some(&since)).await));
}
