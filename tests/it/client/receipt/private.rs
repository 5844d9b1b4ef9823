//! `m.read.private`: a receipt for one's own eyes.

use serde_json::json;

use super::{read, receipt, seen_until};
use crate::harness::{receipt_of, two_in_a_room};

#[tokio::test]
async fn nobody_else_sees_a_private_receipt() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "are you there?").await;
    let (alice_since, bob_since) = (alice.now().await, bob.now().await);
    receipt(&bob, &room, "m.read.private", &event, json!({})).await.ok();
    let (own, _) =
        bob.sync_until(Some(&bob_since), |answer| receipt_of(answer, &room, "m.read.private", &bob.id)).await;
    assert_eq!(own, (event.clone(), None));
    let last = bob.say(&room, "now I am").await;
    assert_eq!(seen_until(&alice, &alice_since, &room, &last).await, []);
    let whole = alice.sync(None).await;
    assert!(!whole.to_string().contains("m.read.private"), "{whole}");
    let again = receipt_of(&bob.sync(None).await, &room, "m.read.private", &bob.id);
    assert_eq!(again, Some((event, None)));
}

#[tokio::test]
async fn both_kinds_stand_beside_each_other() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let (first, second) = (alice.say(&room, "one").await, alice.say(&room, "two").await);
    read(&bob, &room, &first).await;
    receipt(&bob, &room, "m.read.private", &second, json!({})).await.ok();
    let own = bob.sync(None).await;
    assert_eq!(receipt_of(&own, &room, "m.read", &bob.id), Some((first.clone(), None)));
    assert_eq!(receipt_of(&own, &room, "m.read.private", &bob.id), Some((second, None)));
    let others = alice.sync(None).await;
    assert_eq!(receipt_of(&others, &room, "m.read", &bob.id), Some((first, None)));
}

#[tokio::test]
async fn a_private_receipt_wakes_nobody_else() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "psst").await;
    // Both look at the room first, so that nothing else is new.
    let since = alice.now().await;
    bob.now().await;
    let since = alice.sync(Some(&since)).await["next_batch"].as_str().unwrap().to_owned();
    let filter = r#"{"presence":{"types":[]}}"#;
    let path = format!("/sync?timeout=1500&since={since}&filter={}", crate::harness::encode(filter));
    let waiting = alice.get(&path);
    let reading = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        receipt(&bob, &room, "m.read.private", &event, json!({})).await.ok();
    };
    let (answer, ()) = tokio::join!(waiting, reading);
    let answer = answer.ok();
    assert!(answer["rooms"]["join"].get(&room).is_none(), "{answer}");
}
