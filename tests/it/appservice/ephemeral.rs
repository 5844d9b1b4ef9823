//! What passes: who types, what is read, who is online.
//! <https://spec.matrix.org/v1.19/application-service-api/#pushing-edus>

use serde_json::json;

use crate::harness::{Bridge, Service, encode};

#[tokio::test]
async fn a_service_that_wants_it_hears_what_passes() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "receive_ephemeral: true").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = bridge.bridged_room(&alice, &ghost).await;
    let private = alice.create_room(json!({})).await;
    let said = alice.say(&room, "hello").await;
    let unheard = alice.say(&private, "hello").await;

    let typing = |room: &str| format!("/rooms/{}/typing/{}", encode(room), encode(&alice.id));
    let begins = json!({"typing": true, "timeout": 30_000});
    alice.put(&typing(&private), begins.clone()).await.ok();
    alice.put(&typing(&room), begins).await.ok();
    let told = service.is_told("ephemeral", "who types", |event| event["type"] == "m.typing").await;
    let expected = json!({"type": "m.typing", "room_id": room, "content": {"user_ids": [alice.id]}});
    assert_eq!(told, expected);

    let receipt = |room: &str, kind: &str, event: &str| {
        format!("/rooms/{}/receipt/{kind}/{}", encode(room), encode(event))
    };
    alice.post(&receipt(&private, "m.read", &unheard), json!({})).await.ok();
    // Who has read in private is nobody's business, but for one's own users.
    alice.post(&receipt(&room, "m.read.private", &said), json!({})).await.ok();
    let path = receipt(&room, "m.read.private", &said);
    bridge.call_as(&ghost, "POST", &path, Some(json!({}))).await.ok();
    let private_read = |user: &str| {
        let pointer = format!("/content/{said}/m.read.private/{}", user.replace('/', "~1"));
        move |event: &serde_json::Value| event.pointer(&pointer).is_some()
    };
    service.is_told("ephemeral", "of a private receipt", private_read(&ghost)).await;
    alice.post(&receipt(&room, "m.read", &said), json!({"thread_id": "main"})).await.ok();
    let public = |event: &serde_json::Value| !event["content"][&said]["m.read"].is_null();
    let told = service.is_told("ephemeral", "of a receipt", public).await;
    assert_eq!(told["room_id"], *room);
    let read = &told["content"][&said]["m.read"][&alice.id];
    assert!(read["ts"].is_u64() && read["thread_id"] == "main", "{told}");
    let receipts = service.told("ephemeral");
    assert!(!receipts.iter().any(private_read(&alice.id)), "{receipts:?}");
    assert!(receipts.iter().all(|event| event["room_id"] != *private), "{receipts:?}");

    let status = json!({"presence": "online", "status_msg": "here"});
    alice.put(&format!("/presence/{}/status", encode(&alice.id)), status).await.ok();
    let here = |event: &serde_json::Value| event["content"]["status_msg"] == "here";
    let told = service.is_told("ephemeral", "who is online", here).await;
    assert_eq!((&told["type"], &told["sender"]), (&json!("m.presence"), &json!(alice.id)));
    assert_eq!(told["content"]["presence"], "online");
    // Under the name of the proposal as well.
    assert_eq!(service.told("de.sorunome.msc2409.ephemeral"), service.told("ephemeral"));
}

#[tokio::test]
async fn receipts_survive_an_absence_and_a_crash() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "receive_ephemeral: true").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = bridge.bridged_room(&alice, &ghost).await;
    let said = alice.say(&room, "hello").await;
    service.hears(&said).await;
    service.go_away();
    let second = alice.say(&room, "again").await;
    service.refuses_something().await;
    let path = format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&second));
    alice.post(&path, json!({})).await.ok();
    let _bridge = bridge.again(crate::harness::Server::crash_and_restart).await;
    service.come_back();
    let read = |event: &serde_json::Value| !event["content"][&second]["m.read"][&alice.id].is_null();
    service.is_told("ephemeral", "of a receipt", read).await;
}

#[tokio::test]
async fn a_service_that_does_not_want_it_does_not_hear_what_passes() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = bridge.bridged_room(&alice, &ghost).await;
    let typing = format!("/rooms/{}/typing/{}", encode(&room), encode(&alice.id));
    alice.put(&typing, json!({"typing": true, "timeout": 30_000})).await.ok();
    let said = alice.say(&room, "hello").await;
    let path = format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&said));
    alice.post(&path, json!({})).await.ok();
    let last = alice.say(&room, "that was all").await;
    service.hears(&last).await;
    let members = service
        .taken()
        .into_iter()
        .flat_map(|transaction| transaction.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
    assert!(members.clone().all(|member| member == "events"), "{:?}", members.collect::<Vec<_>>());
}
