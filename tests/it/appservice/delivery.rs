//! `PUT /_matrix/app/v1/transactions/{txnId}`: which events a service is told of, and how they look.
//! <https://spec.matrix.org/v1.19/application-service-api/#pushing-events>

use serde_json::json;

use crate::harness::{Bridge, Service, encode};

#[tokio::test]
async fn a_service_hears_of_rooms_with_its_users_in_order() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = alice.create_room(json!({"preset": "public_chat"})).await;
    let before = alice.say(&room, "nobody listens yet").await;
    bridge.join_as(&ghost, &room).await;
    let mut said = Vec::new();
    for number in 0..5 {
        said.push(alice.say(&room, &format!("message {number}")).await);
    }
    let last = service.hears(said.last().unwrap()).await;
    assert_eq!(last["room_id"], *room);
    assert_eq!(last["sender"], *alice.id);
    assert_eq!(last["content"]["body"], "message 4");
    assert!(last["unsigned"]["age"].is_i64(), "{last}");
    let told = service.told("events");
    let join = told.iter().find(|event| event["state_key"] == *ghost).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(join["content"]["membership"], "join");
    let heard = service.event_ids();
    assert!(!heard.contains(&before));
    let in_order: Vec<_> = heard.iter().filter(|id| said.contains(id)).cloned().collect();
    assert_eq!(in_order, said);
    // What its own users do, too.
    let path = format!("/rooms/{}/send/m.room.message/t1", encode(&room));
    let own = bridge.call_as(&ghost, "PUT", &path, Some(json!({"body": "hi", "msgtype": "m.text"}))).await;
    service.hears(&own.event_id()).await;
    // The last that it hears is that its user is gone.
    let path = format!("/rooms/{}/kick", encode(&room));
    alice.post(&path, json!({"user_id": ghost})).await.ok();
    let after = alice.say(&room, "nobody listens any more").await;
    let other = bridge.bridged_room(&alice, &ghost).await;
    let marker = alice.say(&other, "here").await;
    service.hears(&marker).await;
    let kick = service
        .is_told("events", "of the kick", |event| {
            event["state_key"] == *ghost && event["content"]["membership"] == "leave"
        })
        .await;
    assert_eq!(kick["unsigned"]["prev_content"]["membership"], "join");
    assert!(!service.event_ids().contains(&after));
}

#[tokio::test]
async fn what_concerns_no_user_and_no_alias_of_a_service_it_does_not_hear() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let (alice, bob) = (bridge.server.register("alice").await, bridge.server.register("bob").await);
    // Nobody there is the service's; not even a name that only looks like it.
    let private = alice.create_room(json!({"preset": "public_chat"})).await;
    bob.join(&private).await.ok();
    let unheard = alice.say(&private, "between us").await;
    // A room with an alias of the service, without any of its users.
    let named = alice.create_room(json!({"preset": "public_chat"})).await;
    let alias = encode("#_irc_tea:localhost");
    bridge.call("PUT", &format!("/directory/room/{alias}"), Some(json!({"room_id": named}))).await.ok();
    let heard = alice.say(&named, "in public").await;
    service.hears(&heard).await;
    assert!(!service.event_ids().contains(&unheard));
    // Until the alias is gone.
    bridge.call("DELETE", &format!("/directory/room/{alias}"), None).await.ok();
    let unnamed = alice.say(&named, "no longer").await;
    bridge.join_as("@ircbot:localhost", &private).await;
    let marker = alice.say(&private, "the bot is here").await;
    service.hears(&marker).await;
    assert!(!service.event_ids().contains(&unnamed));
}

#[tokio::test]
async fn an_invite_brings_along_what_the_room_is() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = alice.create_room(json!({"name": "Tea", "preset": "private_chat", "invite": [ghost]})).await;
    let invited = |membership: &'static str| {
        let (room, ghost) = (room.clone(), ghost.clone());
        move |event: &serde_json::Value| {
            event["room_id"] == *room
                && event["state_key"] == *ghost
                && event["content"]["membership"] == membership
        }
    };
    let invite = service.is_told("events", "of an invite", invited("invite")).await;
    let face = invite["unsigned"]["invite_room_state"].as_array().unwrap_or_else(|| panic!("{invite}"));
    assert!(face.iter().any(|event| event["content"]["name"] == "Tea"), "{invite}");
    // What is said before the user is there is none of the service's business.
    let unheard = alice.say(&room, "is he coming?").await;
    bridge.join_as(&ghost, &room).await;
    let join = service.is_told("events", "of a join", invited("join")).await;
    assert_eq!(join["unsigned"]["prev_content"]["membership"], "invite");
    assert_eq!(join["unsigned"]["replaces_state"], invite["event_id"]);
    assert_eq!(join["unsigned"]["prev_sender"], *alice.id);
    assert!(!service.event_ids().contains(&unheard));
}

#[tokio::test]
async fn many_events_come_in_several_transactions() {
    const MESSAGES: usize = 230;
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = bridge.bridged_room(&alice, &ghost).await;
    service.go_away();
    let mut said = Vec::new();
    for number in 0..MESSAGES {
        said.push(alice.say(&room, &format!("message {number}")).await);
    }
    service.come_back();
    service.hears(said.last().unwrap()).await;
    let taken = service.taken();
    let sizes = taken.iter().map(|transaction| transaction.body["events"].as_array().unwrap().len());
    assert!(sizes.clone().all(|size| size <= 100), "{:?}", sizes.collect::<Vec<_>>());
    let ids: Vec<_> = taken.iter().map(|transaction| transaction.id).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    let heard: Vec<_> = service.event_ids().into_iter().filter(|id| said.contains(id)).collect();
    assert_eq!(heard, said);
}

#[tokio::test]
async fn a_redacted_event_comes_without_what_was_redacted() {
    let service = Service::start().await;
    let bridge = Bridge::reaching(&service, "").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = bridge.bridged_room(&alice, &ghost).await;
    let marker = alice.say(&room, "first").await;
    service.hears(&marker).await;
    service.go_away();
    let waiting = alice.say(&room, "wait for it").await;
    service.refuses_something().await;
    let secret = alice.say(&room, "my password is").await;
    let redaction = alice.redact(&room, &secret, "r1", json!({})).await.event_id();
    service.come_back();
    service.hears(&waiting).await;
    let told = service.hears(&secret).await;
    assert_eq!(told["content"], json!({}));
    assert_eq!(told["unsigned"]["redacted_because"]["event_id"], *redaction);
    let told = service.hears(&redaction).await;
    assert_eq!(told["redacts"], *secret);
}
