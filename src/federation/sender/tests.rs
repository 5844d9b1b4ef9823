//! The sender over a stand-in for the network: what goes to whom, when servers are away, and after a restart.

mod away;
mod passing;
mod world;

use serde_json::json;

use self::world::World;

#[tokio::test]
async fn what_happens_here_goes_to_the_servers_in_the_room_and_to_nobody_else() {
    let world = World::new().await;
    let room = world.room();
    let elsewhere = world.room();
    world.let_in(&room, "@bob:b.example");
    world.let_in(&room, "@carol:c.example");
    world.let_in(&elsewhere, "@dora:d.example");
    let said = world.say(&room, "hello");
    world.until_told("b.example", &said).await;
    world.until_told("c.example", &said).await;
    // What others sent is theirs to tell.
    assert_eq!(world.told_events("b.example"), std::slice::from_ref(&said));
    assert_eq!(world.told_events("c.example"), [said]);
    assert_eq!(world.told_events("d.example"), [""; 0]);
    assert_eq!(world.told_events("a.example"), [""; 0]);
}

#[tokio::test]
async fn a_transaction_has_at_most_fifty_events_and_keeps_their_order() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.network.hold("b.example");
    let mut said = vec![world.say(&room, "first")];
    world.until_tried("b.example").await;
    said.extend((0..120).map(|number| world.say(&room, &number.to_string())));
    world.network.open("b.example");
    world.until_told("b.example", &said[120]).await;
    assert_eq!(world.told_events("b.example"), said);
    let transactions = world.network.carried("b.example");
    assert!(transactions.len() <= 5, "{}", transactions.len());
    assert!(transactions.iter().all(|body| body["pdus"].as_array().is_some_and(|pdus| pdus.len() <= 50)));
}

#[tokio::test]
async fn who_is_put_out_hears_of_it() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    let kick = world.set(&room, "m.room.member", "@bob:b.example", json!({ "membership": "leave" }));
    world.until_told("b.example", &kick).await;
    let after = world.say(&room, "behind his back");
    world.until_idle().await;
    assert!(!world.told_events("b.example").contains(&after));
    // The row that kept it is gone.
    assert_eq!(world.owed("b.example"), 0);
}

#[tokio::test]
async fn what_was_handed_in_here_is_passed_on_but_not_back() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    let join = world.hand_in(&room, "@carol:c.example");
    world.until_told("b.example", &join).await;
    world.until_idle().await;
    assert_eq!(world.told_events("c.example"), [""; 0]);
}

#[tokio::test]
async fn what_is_refused_costs_only_itself() {
    let world = World::new().await;
    let room = world.room();
    world.let_in(&room, "@bob:b.example");
    world.network.hold("b.example");
    world.say(&room, "zero");
    world.until_tried("b.example").await;
    let said: Vec<String> = ["one", "poison", "two"].iter().map(|text| world.say(&room, text)).collect();
    world.network.refuse("b.example", "poison");
    world.until_told("b.example", &said[2]).await;
    world.until_idle().await;
    assert_eq!(world.told_events("b.example")[1..], [said[0].clone(), said[2].clone()]);
}

#[tokio::test]
async fn the_outbox_is_kept_until_it_is_acknowledged() {
    let world = World::new().await;
    world.network.shut("b.example");
    world.put_in_outbox("b.example", "m.direct_to_device", json!({ "message_id": "1" }));
    world.until_tried("b.example").await;
    world.until_idle().await;
    assert_eq!(world.in_outbox("b.example"), 1);
    world.network.open("b.example");
    world.until("delivered", || world.in_outbox("b.example") == 0).await;
    let edus = world.told_edus("b.example");
    assert_eq!(edus, [json!({ "edu_type": "m.direct_to_device", "content": { "message_id": "1" } })]);
}
