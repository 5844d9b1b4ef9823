//! Nothing is lost, nothing changes its place and nothing is sent under two ids, whoever is away in between.
//! <https://spec.matrix.org/v1.19/application-service-api/#pushing-events>

use std::collections::BTreeMap;

use serde_json::json;

use crate::harness::{Bridge, Server, Service, User};

/// Checks that each transaction was the same each time it was sent, and that later ones have higher ids.
#[track_caller]
fn every_transaction_was_sent_as_it_was(service: &Service) {
    let mut sent: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut newest = 0;
    for transaction in service.offered() {
        assert!(transaction.id >= newest, "{} comes after {newest}", transaction.id);
        newest = transaction.id;
        let events = transaction.body["events"].as_array().unwrap().iter();
        let ids: Vec<_> = events.map(|event| event["event_id"].as_str().unwrap().to_owned()).collect();
        let before = sent.entry(transaction.id).or_insert_with(|| ids.clone());
        assert_eq!(*before, ids, "transaction {}", transaction.id);
    }
}

/// Checks that the service was told of just these among its events, in this order, and of each once if the transactions
/// that came again are passed over, as services do.
#[track_caller]
fn was_told_once_in_order(service: &Service, said: &[String]) {
    let transactions: BTreeMap<u64, _> =
        service.taken().into_iter().map(|transaction| (transaction.id, transaction.body)).collect();
    let events = transactions.values().flat_map(|body| body["events"].as_array().unwrap());
    let ids = events.map(|event| event["event_id"].as_str().unwrap().to_owned());
    let heard: Vec<_> = ids.filter(|id| said.contains(id)).collect();
    assert_eq!(heard, said);
}

async fn bridged(service: &Service) -> (Bridge, User, String, String) {
    let bridge = Bridge::reaching(service, "").await;
    let alice = bridge.server.register("alice").await;
    let ghost = bridge.register("_irc_bob").await;
    let room = bridge.bridged_room(&alice, &ghost).await;
    let marker = alice.say(&room, "all is well").await;
    service.hears(&marker).await;
    (bridge, alice, ghost, room)
}

#[tokio::test]
async fn a_service_that_was_away_gets_everything_later() {
    let service = Service::start().await;
    let (bridge, alice, _, room) = bridged(&service).await;
    service.go_away();
    let mut said = vec![alice.say(&room, "first").await];
    service.refuses_something().await;
    for number in 0..4 {
        said.push(alice.say(&room, &format!("message {number}")).await);
    }
    service.refuses_something().await;
    service.come_back();
    // It is back, and says so.
    service.answer("/_matrix/app/v1/ping", |_| (200, json!({})));
    let ping = json!({"transaction_id": "back"});
    bridge.call("POST", "/_matrix/client/v1/appservice/irc/ping", Some(ping)).await.ok();
    service.hears(said.last().unwrap()).await;
    every_transaction_was_sent_as_it_was(&service);
    was_told_once_in_order(&service, &said);
}

#[tokio::test]
async fn a_crash_changes_nothing() {
    let service = Service::start().await;
    let (bridge, alice, ghost, room) = bridged(&service).await;
    let other = bridge.bridged_room(&alice, &ghost).await;
    let marker = alice.say(&other, "here as well").await;
    service.hears(&marker).await;
    service.go_away();
    let mut said = vec![alice.say(&room, "before the crash").await];
    service.refuses_something().await;
    for number in 0..20 {
        said.push(alice.say(if number % 3 == 0 { &other } else { &room }, &format!("{number}")).await);
    }
    let bridge = bridge.again(Server::crash_and_restart).await;
    let alice = alice.on(&bridge.server);
    service.refuses_something().await;
    said.push(alice.say(&room, "after the crash").await);
    service.come_back();
    service.hears(said.last().unwrap()).await;
    every_transaction_was_sent_as_it_was(&service);
    was_told_once_in_order(&service, &said);
}

#[tokio::test]
async fn a_restart_repeats_nothing() {
    let service = Service::start().await;
    let (bridge, alice, _, room) = bridged(&service).await;
    let mut said = vec![alice.say(&room, "before").await];
    service.hears(&said[0]).await;
    let bridge = bridge.again(Server::restart).await;
    let alice = alice.on(&bridge.server);
    said.push(alice.say(&room, "after").await);
    service.hears(&said[1]).await;
    every_transaction_was_sent_as_it_was(&service);
    let heard = service.event_ids();
    for id in &heard {
        assert_eq!(heard.iter().filter(|other| *other == id).count(), 1, "{id}");
    }
    was_told_once_in_order(&service, &said);
}

#[tokio::test]
async fn a_service_that_stays_away_holds_up_nobody() {
    let service = Service::start().await;
    let (bridge, alice, _, room) = bridged(&service).await;
    service.go_away();
    alice.say(&room, "first").await;
    service.refuses_something().await;
    let bob = bridge.server.register("bob").await;
    bob.join(&room).await.ok();
    let said = alice.say(&room, "second").await;
    bob.event(&room, &said).await.ok();
}
