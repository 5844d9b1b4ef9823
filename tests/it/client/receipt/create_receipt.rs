//! `POST /_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}`

use serde_json::{Value, json};

use super::{read, receipt, seen_until};
use crate::harness::{Server, account_data, encode, receipt_of, two_in_a_room};

#[tokio::test]
async fn others_see_how_far_one_has_read() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "read this").await;
    let since = alice.now().await;
    read(&bob, &room, &event).await;
    let (found, _) =
        alice.sync_until(Some(&since), |answer| receipt_of(answer, &room, "m.read", &bob.id)).await;
    assert_eq!(found, (event.clone(), None));
    // The reader's other devices see it too, and so does whoever syncs anew.
    assert_eq!(receipt_of(&bob.sync(None).await, &room, "m.read", &bob.id), Some((event.clone(), None)));
    assert_eq!(receipt_of(&alice.sync(None).await, &room, "m.read", &bob.id), Some((event, None)));
}

#[tokio::test]
async fn a_waiting_sync_is_answered() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "read this").await;
    let since = alice.now().await;
    let path = format!("/sync?timeout=20000&since={since}");
    let waiting = alice.get(&path);
    let reading = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        read(&bob, &room, &event).await;
    };
    let (answer, ()) = tokio::join!(waiting, reading);
    assert_eq!(receipt_of(&answer.ok(), &room, "m.read", &bob.id), Some((event, None)));
}

#[tokio::test]
async fn receipts_only_move_forward() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let (first, second) = (alice.say(&room, "one").await, alice.say(&room, "two").await);
    read(&bob, &room, &second).await;
    let since = alice.now().await;
    read(&bob, &room, &first).await;
    read(&bob, &room, &second).await;
    let last = alice.say(&room, "three").await;
    assert_eq!(seen_until(&alice, &since, &room, &last).await, []);
    assert_eq!(receipt_of(&alice.sync(None).await, &room, "m.read", &bob.id), Some((second.clone(), None)));
    let server = server.restart().await;
    let found = receipt_of(&alice.on(&server).sync(None).await, &room, "m.read", &bob.id);
    assert_eq!(found, Some((second, None)), "receipts outlive the process");
}

#[tokio::test]
async fn a_client_may_send_no_body() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "read this").await;
    let path = format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&event));
    bob.call("POST", &path, None).await.ok();
    assert_eq!(receipt_of(&alice.sync(None).await, &room, "m.read", &bob.id), Some((event, None)));
}

#[tokio::test]
async fn the_fully_read_marker_is_account_data() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "bookmark").await;
    let since = bob.now().await;
    receipt(&bob, &room, "m.fully_read", &event, json!({})).await.ok();
    let (marker, _) = bob
        .sync_until(Some(&since), |answer| account_data(answer, Some(&room), "m.fully_read").cloned())
        .await;
    assert_eq!(marker, json!({"event_id": event}));
    let others = alice.sync(None).await;
    assert_eq!(receipt_of(&others, &room, "m.fully_read", &bob.id), None);
    assert!(account_data(&others, Some(&room), "m.fully_read").is_none());
}

#[tokio::test]
async fn strangers_read_nothing() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let event = alice.say(&room, "between us").await;
    for kind in ["m.read", "m.read.private", "m.fully_read"] {
        receipt(&carol, &room, kind, &event, json!({})).await.refused(403, "M_FORBIDDEN");
        receipt(&carol, "!nowhere:localhost", kind, &event, json!({})).await.refused(403, "M_FORBIDDEN");
    }
    let path = format!("/_matrix/client/v3/rooms/{}/receipt/m.read/{}", encode(&room), encode(&event));
    server.anonymous("POST", &path, Some(json!({}))).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn who_has_left_reads_no_further() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "bye").await;
    bob.post(&format!("/rooms/{}/leave", encode(&room)), json!({})).await.ok();
    receipt(&bob, &room, "m.read", &event, json!({})).await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({})).await;
    let other = alice.create_room(json!({})).await;
    let (event, elsewhere) = (alice.say(&room, "here").await, alice.say(&other, "there").await);
    let refuse = async |kind: &str, event: &str, body: Value, status: u16, errcode: &str| {
        receipt(&alice, &room, kind, event, body).await.refused(status, errcode);
    };
    refuse("m.seen", &event, json!({}), 400, "M_INVALID_PARAM").await;
    refuse("m.read", "no-event-id", json!({}), 400, "M_INVALID_PARAM").await;
    refuse("m.read", "$unknown", json!({}), 404, "M_NOT_FOUND").await;
    refuse("m.read", &elsewhere, json!({}), 404, "M_NOT_FOUND").await;
    refuse("m.read", &event, json!({"thread_id": 1}), 400, "M_BAD_JSON").await;
    refuse("m.read", &event, json!({"thread_id": ""}), 400, "M_INVALID_PARAM").await;
    refuse("m.fully_read", &event, json!({"thread_id": "main"}), 400, "M_INVALID_PARAM").await;
    receipt(&alice, "no-room-id", "m.read", &event, json!({})).await.refused(400, "M_INVALID_PARAM");
}
