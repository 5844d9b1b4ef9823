//! Large rooms, joined from another server: the members come after the user.

use serde_json::json;

use super::{Pair, public};
use crate::harness::{agree, encode, eventually};

const MEMBERS: usize = 55;

/// A room of Alice's with many members.
async fn large_room(pair: &Pair) -> String {
    let room = pair.alice.create_room(public("11", json!({"name": "Market"}))).await;
    for number in 0..MEMBERS {
        let member = pair.servers[0].register(&format!("member{number}")).await;
        member.join(&room).await.ok();
    }
    room
}

#[tokio::test]
async fn a_large_room_is_joined_and_used_at_once() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let mate = pair.servers[1].register("mate").await;
    let room = large_room(&pair).await;
    bob.join_via(&room, &pair.servers[0].name).await.ok();
    let said = bob.say(&room, "at once").await;
    alice.sees(&room, &said).await;
    let (joined, answered) = tokio::join!(mate.join(&room), alice.say(&room, "welcome"));
    joined.ok();
    bob.sees(&room, &answered).await;
    alice.sees_membership(&room, &mate, "join").await;
    agree(&[alice, bob, &mate], &room).await;
    let members = bob.get(&format!("/rooms/{}/joined_members", encode(&room))).await.ok();
    assert_eq!(members["joined"].as_object().unwrap().len(), MEMBERS + 3);
    // Those who came after it find everything through either server.
    let texts = bob.texts(&room).await;
    assert_eq!(texts, ["at once", "welcome"]);
}

#[tokio::test]
async fn a_crash_right_after_the_join_is_survived() {
    let pair = Pair::start().await;
    let room = large_room(&pair).await;
    pair.bob.join_via(&room, &pair.servers[0].name).await.ok();
    let Pair { servers: [first, second], alice, bob } = pair;
    let second = second.crash_and_restart().await;
    let bob = bob.on(&second);
    agree(&[&alice, &bob], &room).await;
    let said = bob.say(&room, "still here").await;
    alice.sees(&room, &said).await;
    eventually("a client without lazy loading has the room", async || {
        let answer = bob.sync(None).await;
        if answer["rooms"]["join"][&room].is_object() { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
    drop(first);
}
