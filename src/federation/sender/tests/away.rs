//! Servers that are away, and restarts meanwhile.

use kith_store::tables::destinations::DESTINATIONS;
use serde_json::json;

use super::world::World;
use crate::sender::queue::QUEUE_ITEMS_MAX;

#[tokio::test]
async fn the_same_transaction_comes_again_until_it_is_acknowledged() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.network.lose_answers("b.example");
    let said = world.say(&room, "once");
    world.until_tried("b.example").await;
    world.until_idle().await;
    // It is tried at the start, and when the server is heard from.
    let world = world.restart().await;
    world.until("tried again", || world.network.attempts("b.example").len() >= 2).await;
    world.until_idle().await;
    world.network.open("b.example");
    world.until_told("b.example", &said).await;
    let attempts = world.network.attempts("b.example");
    assert!(attempts.len() >= 3);
    for (id, body) in &attempts {
        assert_eq!(id, &attempts[0].0);
        assert_eq!(body["pdus"], attempts[0].1["pdus"]);
    }
}

#[tokio::test]
async fn who_was_away_gets_the_newest_of_every_room_and_all_that_was_kept_for_it() {
    let world = World::new().await;
    let (one, two, unchanged) = (world.room(), world.room(), world.room());
    for room in [&one, &two, &unchanged] {
        world.let_in(room, "@bob:b.example");
        world.let_in(room, "@carol:c.example");
    }
    world.network.shut("b.example");
    let first = world.say(&one, "0");
    world.until_tried("b.example").await;
    world.until_idle().await;
    let mut newest = String::new();
    for number in 1..20 {
        newest = world.say(&one, &number.to_string());
    }
    let other = world.say(&two, "hello");
    world.put_in_outbox("b.example", "m.direct_to_device", json!({ "message_id": "1" }));
    world.until_told("c.example", &other).await;
    assert_eq!(world.memory_of("b.example"), 0, "nothing is kept in memory for who is away");

    // Also after a restart, and without a word in any room.
    let world = world.restart().await;
    world.network.open("b.example");
    world.until_told("b.example", &other).await;
    world.until_idle().await;
    assert_eq!(world.told_events("b.example"), [first, newest, other]);
    assert_eq!(world.told_edus("b.example").len(), 1);
    // In step again: the row is gone, and the next word goes at once.
    let server = world.server("b.example");
    assert_eq!(DESTINATIONS.get(world.store().engine(), &server).expect("reads"), None);
    let said = world.say(&unchanged, "again");
    world.until_told("b.example", &said).await;
}

#[tokio::test]
async fn who_was_put_out_while_away_hears_of_it() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.network.shut("b.example");
    world.say(&room, "hello");
    world.until_tried("b.example").await;
    let ban = world.set(&room, "m.room.member", "@bob:b.example", json!({ "membership": "ban" }));
    world.say(&room, "behind his back");
    world.until_idle().await;
    let world = world.restart().await;
    world.network.open("b.example");
    world.until_told("b.example", &ban).await;
    world.until_idle().await;
    assert_eq!(world.told_events("b.example").last(), Some(&ban));
}

#[tokio::test]
async fn a_crash_between_an_event_and_its_delivery_loses_nothing() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.until_idle().await;
    world.stop().await;
    // Nobody delivers; the event is in the store, and no cursor has passed it.
    let said = world.say(&room, "while nobody looks");
    let world = world.restart().await;
    world.until_told("b.example", &said).await;
}

#[tokio::test]
async fn who_falls_too_far_behind_catches_up() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.network.hold("b.example");
    world.say(&room, "held");
    world.until_tried("b.example").await;
    let mut last = String::new();
    for number in 0..QUEUE_ITEMS_MAX + 10 {
        last = world.say(&room, &number.to_string());
    }
    world.until("overflowed", || world.memory_of("b.example") == 0).await;
    world.network.open("b.example");
    world.until_told("b.example", &last).await;
    world.until_idle().await;
    let told = world.told_events("b.example");
    assert!(told.len() < QUEUE_ITEMS_MAX / 2, "the peer fetches what lies between: {}", told.len());
}
