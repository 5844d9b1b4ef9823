//! What is said on one server is heard on the other.

use serde_json::json;

use super::{Pair, VERSIONS};
use crate::harness::{agree, eventually, shows_event};

#[tokio::test]
async fn messages_go_both_ways_in_every_sort_of_room() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    for version in VERSIONS {
        let room = pair.room(version).await;
        let since = (alice.now().await, bob.now().await);
        for (from, to, since) in [(alice, bob, &since.1), (bob, alice, &since.0)] {
            let text = format!("{} says \u{1f44b} \"<&>\" in {version}", from.id);
            let event = from.say(&room, &text).await;
            to.sync_until(Some(since), |answer| shows_event(answer, &room, &event).then_some(())).await;
            let shown = to.sees(&room, &event).await;
            assert_eq!((&shown["sender"], &shown["content"]["body"]), (&json!(from.id), &json!(text)));
        }
        agree(&[alice, bob], &room).await;
    }
}

#[tokio::test]
async fn a_redaction_takes_away_on_both_sides() {
    let pair = Pair::start().await;
    for version in VERSIONS {
        let room = pair.room(version).await;
        for (from, to) in [(&pair.alice, &pair.bob), (&pair.bob, &pair.alice)] {
            let event = from.say(&room, "a slip of the tongue").await;
            to.sees(&room, &event).await;
            let redaction = from.redact(&room, &event, version, json!({"reason": "sorry"})).await.event_id();
            to.sees(&room, &redaction).await;
            for witness in [from, to] {
                let shown = eventually("the content goes", async || {
                    let shown = witness.event(&room, &event).await.ok();
                    if shown["content"] == json!({}) { Ok(shown) } else { Err(shown.to_string()) }
                })
                .await;
                assert_eq!(shown["unsigned"]["redacted_because"]["event_id"], *redaction, "{version}");
            }
        }
        // The host may redact the guest's words, and not the other way round.
        let event = pair.bob.say(&room, "forbidden words").await;
        pair.alice.sees(&room, &event).await;
        let redaction = pair.alice.redact(&room, &event, "moderate", json!({})).await.event_id();
        pair.bob.sees(&room, &redaction).await;
        eventually("the guest's words go", async || {
            let shown = pair.bob.event(&room, &event).await.ok();
            if shown["content"] == json!({}) { Ok(()) } else { Err(shown.to_string()) }
        })
        .await;
        let event = pair.alice.say(&room, "law and order").await;
        pair.bob.sees(&room, &event).await;
        pair.bob.redact(&room, &event, "rebel", json!({})).await.refused(403, "M_FORBIDDEN");
    }
}

#[tokio::test]
async fn relations_count_wherever_they_come_from() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let room = pair.room("12").await;
    let event = alice.say(&room, "a tpyo").await;
    bob.sees(&room, &event).await;
    let reply = bob.relate(&room, "m.thread", &event, "in a thread").await;
    let edit = alice.relate(&room, "m.replace", &event, "a typo").await;
    for user in [alice, bob] {
        eventually("the relations are bundled", async || {
            let shown = user.event(&room, &event).await.ok();
            let bundled = &shown["unsigned"]["m.relations"];
            let found = (&bundled["m.thread"]["latest_event"]["event_id"], &bundled["m.replace"]["event_id"]);
            if found == (&json!(reply), &json!(edit)) { Ok(()) } else { Err(shown.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn three_servers_hear_each_other() {
    let servers: [_; 3] = crate::harness::network().await;
    let mut users = Vec::new();
    for (server, name) in servers.iter().zip(["alice", "bob", "carol"]) {
        users.push(server.register(name).await);
    }
    let room = users[0].create_room(super::public("11", json!({}))).await;
    users[1].join_via(&room, &servers[0].name).await.ok();
    // The third comes in by way of the second.
    users[0].sees_membership(&room, &users[1], "join").await;
    users[2].join_via(&room, &servers[1].name).await.ok();
    for user in &users {
        user.sees_membership(&room, &users[2], "join").await;
    }
    for from in &users {
        let event = from.say(&room, &format!("{} to all", from.id)).await;
        for to in &users {
            to.sees(&room, &event).await;
        }
    }
    agree(&users.iter().collect::<Vec<_>>(), &room).await;
}
