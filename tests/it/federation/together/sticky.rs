//! Events that everybody in a room is to get for some time.

use serde_json::json;

use super::{Pair, public};

#[tokio::test]
async fn a_server_that_comes_into_a_room_gets_what_is_sticky() {
    let pair = Pair::start().await;
    let room = pair.alice.create_room(public("12", json!({}))).await;
    let rule = json!({"history_visibility": "joined"});
    pair.alice.set_state(&room, "m.room.history_visibility", "", rule).await.ok();
    let sticky = pair.alice.say_sticky(&room, "in the call", 600_000).await;
    let other = pair.alice.say(&room, "among ourselves").await;
    for number in 0..5 {
        pair.alice.say(&room, &format!("line {number}")).await;
    }
    pair.bob.join_via(&room, &pair.servers[0].name).await.ok();
    let seen = pair.bob.sees(&room, &sticky).await;
    assert_eq!(seen["content"]["body"], "in the call");
    assert_eq!(seen["msc4354_sticky"]["duration_ms"], 600_000);
    pair.bob.event(&room, &other).await.refused(404, "M_NOT_FOUND");
    let answer = pair.bob.sync(None).await;
    let room_answer = &answer["rooms"]["join"][&room];
    let told = room_answer["timeline"].to_string() + &room_answer["msc4354_sticky"].to_string();
    assert!(told.contains(&sticky), "{answer}");
}

#[tokio::test]
async fn a_server_that_was_away_misses_nothing_that_is_sticky() {
    let pair = Pair::start().await;
    let room = pair.room("12").await;
    let Pair { servers: [_first, mut second], alice, bob } = pair;
    second.terminate().await;
    let sticky = alice.say_sticky(&room, "in the call", 600_000).await;
    for number in 0..30 {
        alice.say(&room, &format!("line {number}")).await;
    }
    let second = second.run_again().await;
    let bob = bob.on(&second);
    bob.say(&room, "back").await;
    let answer = bob.sees(&room, &sticky).await;
    assert!(answer["unsigned"]["msc4354_sticky_duration_ttl_ms"].as_u64().is_some(), "{answer}");
    let newest = alice.say(&room, "welcome back").await;
    bob.sees(&room, &newest).await;
}
