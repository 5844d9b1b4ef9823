//! Receipts, typing notices and presence.

use kith_store::{live::PresenceState, tables::receipts::ReceiptKind};
use serde_json::{Value, json};

use super::world::World;

fn of_type<'a>(edus: &'a [Value], edu_type: &str) -> Vec<&'a Value> {
    edus.iter().filter(|edu| edu["edu_type"] == edu_type).map(|edu| &edu["content"]).collect()
}

/// How often something is tried that the passing of time can spoil.
const ATTEMPTS: usize = 5;

#[tokio::test]
async fn public_receipts_are_told_and_private_ones_never_leave() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    let said = world.say(&room, "hello");
    world.until_told("b.example", &said).await;
    world.read(&room, &said, ReceiptKind::Private, "");
    world.read(&room, &said, ReceiptKind::Public, "");
    world.read(&room, &said, ReceiptKind::Public, "main");
    world
        .until("told", || {
            let told = world.told_edus("b.example");
            let receipts = of_type(&told, "m.receipt");
            receipts.iter().any(|content| content.to_string().contains("thread_id"))
        })
        .await;
    world.until_idle().await;
    let receipts = world.told_edus("b.example");
    let receipts = of_type(&receipts, "m.receipt");
    // A user has one receipt per room in one EDU, so those of two threads are two.
    let plain = json!({ (room.as_str()): { "m.read": { "@alice:a.example": {
        "event_ids": [said], "data": { "ts": 5 },
    } } } });
    let threaded = json!({ (room.as_str()): { "m.read": { "@alice:a.example": {
        "event_ids": [said], "data": { "ts": 5, "thread_id": "main" },
    } } } });
    assert!(receipts == [&plain, &threaded] || receipts == [&threaded, &plain], "{receipts:?}");
}

#[tokio::test]
async fn typing_is_told_as_it_stands_when_it_is_told() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    let typing = |told: &[Value]| of_type(told, "m.typing").last().map(|content| content["typing"].clone());
    world.type_(&room, true);
    world.until("typing", || typing(&world.told_edus("b.example")) == Some(json!(true))).await;
    world.type_(&room, false);
    world.until("not typing", || typing(&world.told_edus("b.example")) == Some(json!(false))).await;
    let told = world.told_edus("b.example");
    let content = json!({ "room_id": room, "user_id": "@alice:a.example", "typing": false });
    assert_eq!(of_type(&told, "m.typing").last(), Some(&&content));
}

#[tokio::test]
async fn presence_is_told_to_those_who_share_a_room_and_collected() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.until_idle().await;
    // Where the sender tells of presence by itself between the two changes, they are told apart.
    for _ in 0..ATTEMPTS {
        let before = of_type(&world.told_edus("b.example"), "m.presence").len();
        world.appear(PresenceState::Unavailable);
        world.appear(PresenceState::Online);
        let more = |told: &[Value]| of_type(told, "m.presence").len() > before;
        world.until("noted", || world.presence_noted() || more(&world.told_edus("b.example"))).await;
        world.tell_presence();
        let is_online = |told: &[Value]| {
            let last = of_type(told, "m.presence").last().map(|presence| presence["push"][0].clone());
            last.is_some_and(|update| {
                update["user_id"] == "@alice:a.example" && update["presence"] == "online"
            })
        };
        world
            .until("told", || more(&world.told_edus("b.example")) && is_online(&world.told_edus("b.example")))
            .await;
        if of_type(&world.told_edus("b.example"), "m.presence").len() == before + 1 {
            return;
        }
    }
    panic!("two changes were never told as one");
}

#[tokio::test]
async fn what_passes_is_lost_on_who_is_away() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.until_idle().await;
    world.network.shut("b.example");
    world.type_(&room, true);
    world.until_tried("b.example").await;
    world.until_idle().await;
    assert_eq!(world.memory_of("b.example"), 0);
    world.network.open("b.example");
    let said = world.say(&room, "hello");
    world.until_told("b.example", &said).await;
    assert_eq!(of_type(&world.told_edus("b.example"), "m.typing"), [&json!(null); 0]);
}
