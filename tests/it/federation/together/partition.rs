//! Two servers that did not hear each other and decided differently agree afterwards.

use serde_json::json;

use super::{Pair, VERSIONS};
use crate::harness::{User, agree};

/// What each of them does alone: things that the other does differently, and something of its own.
async fn decide(user: &User, room: &str, friend: &User, level: i64) {
    user.say(room, &format!("{} is alone", user.id)).await;
    for (kind, key) in [("m.room.topic", "topic"), ("m.room.name", "name")] {
        user.set_state(room, kind, "", json!({key: format!("{} decides", user.id)})).await.ok();
    }
    user.set_levels(room, json!({"users": {&friend.id: level}})).await.ok();
    user.set_state(room, "org.example.own", &format!("of {}", user.id), json!({})).await.ok();
    user.set_levels(room, json!({"events": {"org.example.own": level}})).await.ok();
}

#[tokio::test]
async fn forks_are_resolved_alike_on_both_sides() {
    let pair = Pair::start().await;
    let (mate, friend) = (pair.servers[0].register("mate").await, pair.servers[1].register("friend").await);
    let mut rooms = Vec::new();
    for version in VERSIONS {
        let room = pair.room(version).await;
        pair.alice.set_levels(&room, json!({"users": {&pair.bob.id: 100}})).await.ok();
        mate.join(&room).await.ok();
        pair.bob.sees_membership(&room, &mate, "join").await;
        agree(&[&pair.alice, &pair.bob], &room).await;
        rooms.push(room);
    }
    let Pair { servers: [mut first, mut second], alice, bob } = pair;
    second.terminate().await;
    for room in &rooms {
        decide(&alice, room, &friend, 10).await;
        // The other server does not know of this ban, and invites.
        alice.ban(room, &friend).await.ok();
    }
    first.terminate().await;
    let second = second.run_again().await;
    let (bob, friend) = (bob.on(&second), friend.on(&second));
    for room in &rooms {
        decide(&bob, room, &friend, 20).await;
        bob.invite(room, &friend).await.ok();
        // Nor does the first one know that one of its people is out.
        bob.kick(room, &mate).await.ok();
    }
    let first = first.run_again().await;
    let alice = alice.on(&first);
    for room in &rooms {
        let (from_alice, from_bob) = (alice.say(room, "together").await, bob.say(room, "again").await);
        alice.sees(room, &from_bob).await;
        bob.sees(room, &from_alice).await;
        agree(&[&alice, &bob], room).await;
        assert_eq!(alice.membership_of(room, &friend).await, "ban", "{room}");
        assert_eq!(bob.membership_of(room, &friend).await, "ban", "{room}");
        assert_eq!(alice.membership_of(room, &mate).await, "leave", "{room}");
    }
}
