//! `summary`: how many are in a room, and after whom it is named.

use serde_json::{Value, json};

use super::{joined, next};
use crate::harness::Server;

fn sorted(heroes: &Value) -> Vec<&str> {
    let mut heroes: Vec<&str> = heroes
        .as_array()
        .unwrap_or_else(|| panic!("no heroes: {heroes}"))
        .iter()
        .map(|hero| hero.as_str().unwrap())
        .collect();
    heroes.sort_unstable();
    heroes
}

fn counts(summary: &Value) -> (u64, u64) {
    let count = |key: &str| summary[key].as_u64().unwrap_or_else(|| panic!("no {key} in {summary}"));
    (count("m.joined_member_count"), count("m.invited_member_count"))
}

#[tokio::test]
async fn a_room_without_a_name_is_named_after_its_members() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let room = alice.create_room(json!({"preset": "private_chat", "invite": [bob.id, carol.id]})).await;
    let first = alice.sync(None).await;
    let summary = &joined(&first, &room)["summary"];
    assert_eq!((sorted(&summary["m.heroes"]), counts(summary)), (vec![&*bob.id, &*carol.id], (1, 2)));
    bob.join(&room).await.ok();
    let answer = alice.sync(Some(next(&first))).await;
    let summary = &joined(&answer, &room)["summary"];
    assert_eq!((sorted(&summary["m.heroes"]), counts(summary)), (vec![&*bob.id, &*carol.id], (2, 1)));
    // Each sees the others.
    let his = bob.sync(None).await;
    assert_eq!(sorted(&joined(&his, &room)["summary"]["m.heroes"]), [&alice.id, &carol.id]);
    // Messages do not change it.
    bob.say(&room, "hello").await;
    let answer = alice.sync(Some(next(&answer))).await;
    assert_eq!(joined(&answer, &room)["summary"], json!({}));
    // With everybody gone, it is named after those who were there.
    bob.leave(&room).await.ok();
    carol.leave(&room).await.ok();
    let answer = alice.sync(Some(next(&answer))).await;
    let summary = &joined(&answer, &room)["summary"];
    assert_eq!((sorted(&summary["m.heroes"]), counts(summary)), (vec![&*bob.id, &*carol.id], (1, 0)));
    // With a name there is no need for heroes, and there are never more than five of them.
    for number in 0..7 {
        let guest = server.register(&format!("guest{number}")).await;
        alice.invite(&room, &guest).await.ok();
    }
    let answer = alice.sync(None).await;
    let summary = &joined(&answer, &room)["summary"];
    assert_eq!((sorted(&summary["m.heroes"]).len(), counts(summary)), (5, (1, 7)));
    alice.set_state(&room, "m.room.name", "", json!({"name": "Tea"})).await.ok();
    let named = alice.sync(None).await;
    let summary = &joined(&named, &room)["summary"];
    assert!(summary["m.heroes"].as_array().is_none_or(Vec::is_empty), "{summary}");
    assert_eq!(counts(summary), (1, 7));
}
