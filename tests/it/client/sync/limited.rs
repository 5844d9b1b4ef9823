//! A timeline that does not hold everything that happened: where the rest is found, and the state in between.

use serde_json::{Value, json};

use super::{filtered, joined, next, timeline};
use crate::harness::{bodies, event_ids, find_state, state_content, two_in_a_room};

fn of(count: usize) -> Value {
    json!({"room": {"timeline": {"limit": count}}})
}

#[tokio::test]
async fn what_the_timeline_leaves_out_is_right_before_it() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    alice.say(&room, "known").await;
    for limit in [1, 3, 10] {
        let since = bob.now().await;
        let mut sent = Vec::new();
        for number in 0..14 {
            sent.push(alice.say(&room, &format!("{number}")).await);
        }
        let answer = filtered(&bob, &of(limit), Some(&since)).await;
        let told = joined(&answer, &room);
        assert_eq!(told["timeline"]["limited"], true);
        let shown = event_ids(&told["timeline"]["events"]);
        assert_eq!(shown, sent[14 - limit..]);
        let prev = told["timeline"]["prev_batch"].as_str().unwrap();
        let page = bob.messages(&room, &format!("dir=b&limit={}&from={prev}", 14 - limit)).await;
        let mut missed = event_ids(&page["chunk"]);
        missed.reverse();
        assert_eq!(missed, sent[..14 - limit], "limit {limit}");
        // Up to what the client knew already.
        let page = bob.messages(&room, &format!("dir=b&limit=100&from={prev}&to={since}")).await;
        assert_eq!(event_ids(&page["chunk"]).len(), 14 - limit);
    }
}

#[tokio::test]
async fn exactly_what_fits_is_not_limited() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let since = bob.now().await;
    for number in 0..5 {
        alice.say(&room, &format!("{number}")).await;
    }
    let answer = filtered(&bob, &of(5), Some(&since)).await;
    assert_eq!(joined(&answer, &room)["timeline"]["limited"], false);
    assert_eq!(bodies(timeline(&answer, &room)).len(), 5);
    let answer = filtered(&bob, &of(4), Some(&since)).await;
    assert_eq!(joined(&answer, &room)["timeline"]["limited"], true);
}

#[tokio::test]
async fn state_in_the_gap_is_told_and_only_there() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let since = bob.now().await;
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "early"})).await.ok();
    alice.set_state(&room, "m.room.topic", "", json!({"topic": "in the gap"})).await.ok();
    alice.set_state(&room, "m.room.name", "", json!({"name": "in the gap"})).await.ok();
    alice.invite(&room, &carol).await.ok();
    for number in 0..5 {
        alice.say(&room, &format!("{number}")).await;
    }
    alice.set_state(&room, "m.room.name", "", json!({"name": "in the timeline"})).await.ok();
    let answer = filtered(&bob, &of(3), Some(&since)).await;
    let told = joined(&answer, &room);
    let state = &told["state"]["events"];
    assert_eq!(state_content(state, "m.room.topic", "")["topic"], "in the gap");
    assert_eq!(state_content(state, "m.room.name", "")["name"], "in the gap", "as of the timeline's start");
    assert_eq!(state_content(state, "m.room.member", &carol.id)["membership"], "invite");
    assert_eq!(state.as_array().unwrap().len(), 3, "{state}");
    let events = &told["timeline"]["events"];
    assert_eq!(find_state(events, "m.room.name", "").unwrap()["content"]["name"], "in the timeline");
    // The next answer goes on behind all of it.
    alice.say(&room, "more").await;
    let answer = filtered(&bob, &of(3), Some(next(&answer))).await;
    assert_eq!(joined(&answer, &room)["state"]["events"], json!([]));
    assert_eq!(bodies(timeline(&answer, &room)), ["more"]);
}

#[tokio::test]
async fn a_newly_joined_room_comes_with_its_state() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    for number in 0..20 {
        alice.say(&room, &format!("{number}")).await;
    }
    let since = carol.now().await;
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    let answer = filtered(&carol, &of(4), Some(&since)).await;
    let told = joined(&answer, &room);
    assert_eq!(told["timeline"]["limited"], true);
    assert!(find_state(&told["state"]["events"], "m.room.create", "").is_some());
    assert!(find_state(&told["state"]["events"], "m.room.power_levels", "").is_some());
    let last = told["timeline"]["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["state_key"], &last["content"]["membership"]), (&json!(carol.id), &json!("join")));
    let prev = told["timeline"]["prev_batch"].as_str().unwrap();
    let page = carol.messages(&room, &format!("dir=b&limit=3&from={prev}")).await;
    assert_eq!(bodies(&page["chunk"]), ["17", "16", "15"]);
}
