//! A device that repeats a request gets the first answer again.
//! <https://spec.matrix.org/v1.19/client-server-api/#transaction-identifiers>

use serde_json::{Value, json};

use crate::harness::{User, bodies, encode, two_in_a_room};

async fn send(user: &User, room: &str, kind: &str, transaction: &str, text: &str) -> String {
    let path = format!("/rooms/{}/send/{kind}/{}", encode(room), encode(transaction));
    user.put(&path, json!({"msgtype": "m.text", "body": text})).await.event_id()
}

#[tokio::test]
async fn a_repetition_sends_nothing() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let kind = "m.room.message";
    let first = send(&alice, &room, kind, "t/1", "once").await;
    assert_eq!(send(&alice, &room, kind, "t/1", "twice").await, first);
    let server = server.crash_and_restart().await;
    let (alice, bob) = (alice.on(&server), bob.on(&server));
    assert_eq!(send(&alice, &room, kind, "t/1", "thrice").await, first);
    assert_eq!(bodies(&bob.messages(&room, "dir=f&limit=50").await["chunk"]), ["once"]);
    // Another id, another type, another room, another device, another person: another message.
    let phone = alice.log_in_again(&server, "PHONE").await;
    let elsewhere = alice.create_room(json!({})).await;
    let others = [
        send(&alice, &room, kind, "t/2", "a").await,
        send(&alice, &room, "org.example.other", "t/1", "b").await,
        send(&alice, &elsewhere, kind, "t/1", "c").await,
        send(&phone, &room, kind, "t/1", "d").await,
        send(&bob, &room, kind, "t/1", "e").await,
    ];
    assert!(others.iter().all(|other| *other != first), "{others:?}");
    assert_eq!(bodies(&bob.messages(&room, "dir=f&limit=50").await["chunk"]), ["once", "a", "b", "d", "e"]);
    // Redactions have transactions of their own.
    let redaction = alice.redact(&room, &others[0], "t/1", json!({})).await.event_id();
    assert_eq!(alice.redact(&room, &others[0], "t/1", json!({})).await.event_id(), redaction);
    assert_ne!(redaction, first);
    // A repetition is answered also after the way to send is shut.
    alice.ban(&room, &bob).await.ok();
    bob.put(&format!("/rooms/{}/send/{kind}/new", encode(&room)), json!({}))
        .await
        .refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn repetitions_at_the_same_time_send_one_message() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (alice, room) = (alice.clone(), room.clone());
        tasks.spawn(async move { send(&alice, &room, "m.room.message", "t1", "once").await });
    }
    let mut events = tasks.join_all().await;
    events.dedup();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(bodies(&bob.messages(&room, "dir=f&limit=50").await["chunk"]), ["once"]);
}

#[tokio::test]
async fn only_the_device_that_sent_it_is_told_the_transaction() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let phone = alice.log_in_again(&server, "PHONE").await;
    let mut since = Vec::new();
    for user in [&alice, &phone, &bob] {
        since.push(user.now().await);
    }
    let event = send(&alice, &room, "m.room.message", "local-echo", "hello").await;
    let unsigned = async |user: &User, since: &str| -> Value {
        let synced = user.sync(Some(since)).await;
        let shown = &synced["rooms"]["join"][&room]["timeline"]["events"][0];
        assert_eq!(shown["event_id"], *event, "{synced}");
        let page = user.messages(&room, "dir=b&limit=1").await;
        assert_eq!(page["chunk"][0]["unsigned"]["transaction_id"], shown["unsigned"]["transaction_id"]);
        let context = user.get(&format!("/rooms/{}/context/{}", encode(&room), encode(&event))).await.ok();
        assert_eq!(context["event"]["unsigned"]["transaction_id"], shown["unsigned"]["transaction_id"]);
        shown["unsigned"]["transaction_id"].clone()
    };
    assert_eq!(unsigned(&alice, &since[0]).await, "local-echo");
    assert_eq!(unsigned(&phone, &since[1]).await, Value::Null);
    assert_eq!(unsigned(&bob, &since[2]).await, Value::Null);
}
