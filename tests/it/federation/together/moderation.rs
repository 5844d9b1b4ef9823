//! Power over people of another server, and whole servers shut out.

use serde_json::json;

use super::{Pair, VERSIONS};
use crate::harness::{User, agree, eventually};

async fn sees_level(witness: &User, room: &str, user: &User, level: i64) {
    eventually(&format!("{} sees the level of {}", witness.id, user.id), async || {
        let levels = witness.state(room, "m.room.power_levels", "").await;
        if levels.body["users"][&user.id] == level { Ok(()) } else { Err(levels.body.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_power_level_mutes_across_servers() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    for version in VERSIONS {
        let room = pair.room(version).await;
        alice.set_levels(&room, json!({"users": {&bob.id: -1}})).await.ok();
        sees_level(bob, &room, bob, -1).await;
        let message = json!({"msgtype": "m.text", "body": "may I?"});
        bob.send_event(&room, "m.room.message", message).await.refused(403, "M_FORBIDDEN");
        alice.set_levels(&room, json!({"users": {&bob.id: 0}})).await.ok();
        sees_level(bob, &room, bob, 0).await;
        let event = bob.say(&room, "free again").await;
        alice.sees(&room, &event).await;
        agree(&[alice, bob], &room).await;
    }
}

#[tokio::test]
async fn kicks_and_bans_reach_the_other_server() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let via = &pair.servers[0].name;
    for version in VERSIONS {
        let room = pair.room(version).await;
        bob.kick(&room, alice).await.refused(403, "M_FORBIDDEN");
        alice.kick(&room, bob).await.ok();
        bob.sync_until(None, |answer| answer["rooms"]["join"][&room].is_null().then_some(())).await;
        let message = json!({"msgtype": "m.text", "body": "am I out?"});
        bob.send_event(&room, "m.room.message", message).await.refused(403, "M_FORBIDDEN");
        bob.join_via(&room, via).await.ok();
        alice.sees_membership(&room, bob, "join").await;
        alice.ban(&room, bob).await.ok();
        bob.sync_until(None, |answer| answer["rooms"]["join"][&room].is_null().then_some(())).await;
        bob.join_via(&room, via).await.refused(403, "M_FORBIDDEN");
        alice.unban(&room, bob).await.ok();
        bob.join_via(&room, via).await.ok();
        alice.sees_membership(&room, bob, "join").await;
        agree(&[alice, bob], &room).await;
    }
}

#[tokio::test]
async fn a_moderator_far_away_moderates() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let mate = pair.servers[0].register("mate").await;
    let room = pair.room("11").await;
    mate.join(&room).await.ok();
    bob.sees_membership(&room, &mate, "join").await;
    bob.kick(&room, &mate).await.refused(403, "M_FORBIDDEN");
    alice.set_levels(&room, json!({"users": {&bob.id: 50}})).await.ok();
    sees_level(bob, &room, bob, 50).await;
    bob.ban(&room, &mate).await.ok();
    alice.sees_membership(&room, &mate, "ban").await;
    mate.join(&room).await.refused(403, "M_FORBIDDEN");
    bob.unban(&room, &mate).await.ok();
    alice.sees_membership(&room, &mate, "leave").await;
    mate.join(&room).await.ok();
    bob.sees_membership(&room, &mate, "join").await;
    let topic = json!({"topic": "decided far away"});
    bob.set_state(&room, "m.room.topic", "", topic.clone()).await.ok();
    alice.sees_state(&room, "m.room.topic", "", &topic).await;
    agree(&[alice, bob, &mate], &room).await;
}

#[tokio::test]
async fn a_server_that_is_shut_out_is_not_heard() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let (room, open) = (pair.room("12").await, pair.room("12").await);
    let acl = |deny: &[&str]| json!({"allow": ["*"], "deny": deny, "allow_ip_literals": true});
    alice.set_state(&room, "m.room.server_acl", "", acl(&["127.0.0.3"])).await.ok();
    let unheard = bob.say(&room, "can you hear me?").await;
    let friend = pair.servers[1].register("friend").await;
    friend.join(&room).await;
    // What is said elsewhere afterwards arrives, so this had its chance.
    let heard = bob.say(&open, "heard elsewhere").await;
    alice.sees(&open, &heard).await;
    alice.event(&room, &unheard).await.refused(404, "M_NOT_FOUND");
    assert_ne!(alice.state(&room, "m.room.member", &friend.id).await.status, 200, "nobody joins from there");
    // Once the server is let in again, what it said is there.
    alice.set_state(&room, "m.room.server_acl", "", acl(&[])).await.ok();
    let after = alice.say(&room, "welcome back").await;
    bob.sees(&room, &after).await;
    let back = bob.say(&room, "thank you").await;
    alice.sees(&room, &back).await;
    agree(&[alice, bob], &room).await;
}
