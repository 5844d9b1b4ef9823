//! History that was there before one came.

use serde_json::json;

use super::{Pair, VERSIONS, public};
use crate::harness::{agree, bodies, encode, event_ids};

#[tokio::test]
async fn who_comes_late_pages_back_to_the_beginning() {
    const LINES: usize = 60;
    let pair = Pair::start().await;
    for version in VERSIONS {
        let room = pair.alice.create_room(public(version, json!({}))).await;
        let mut said: Vec<String> = (0..LINES).map(|number| format!("line {number}")).collect();
        for text in &said {
            pair.alice.say(&room, text).await;
        }
        pair.bob.join_via(&room, &pair.servers[0].name).await.ok();
        let event = pair.bob.say(&room, "hello").await;
        said.push("hello".to_owned());
        pair.alice.sees(&room, &event).await;
        let history = pair.bob.history(&room).await;
        assert_eq!(history.last().unwrap()["type"], "m.room.create", "{version}");
        let history = serde_json::Value::Array(history);
        let mut ids = event_ids(&history);
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "no event comes twice");
        let mut texts = bodies(&history);
        texts.reverse();
        assert_eq!(texts, said, "{version}");
        agree(&[&pair.alice, &pair.bob], &room).await;
    }
}

#[tokio::test]
async fn history_that_is_not_for_newcomers_stays_hidden() {
    let pair = Pair::start().await;
    let room = pair.alice.create_room(public("11", json!({}))).await;
    let rule = json!({"history_visibility": "joined"});
    pair.alice.set_state(&room, "m.room.history_visibility", "", rule).await.ok();
    pair.alice.say(&room, "among ourselves").await;
    pair.bob.join_via(&room, &pair.servers[0].name).await.ok();
    pair.alice.sees_membership(&room, &pair.bob, "join").await;
    let event = pair.alice.say(&room, "for everybody").await;
    pair.bob.sees(&room, &event).await;
    assert_eq!(pair.bob.texts(&room).await, ["for everybody"]);
}

#[tokio::test]
async fn a_moment_of_the_past_is_found_on_another_server() {
    let pair = Pair::start().await;
    let room = pair.alice.create_room(public("12", json!({}))).await;
    let event = pair.alice.say(&room, "once upon a time").await;
    let moment = pair.alice.event(&room, &event).await.ok()["origin_server_ts"].clone();
    for number in 0..40 {
        pair.alice.say(&room, &format!("since then {number}")).await;
    }
    pair.bob.join_via(&room, &pair.servers[0].name).await.ok();
    let path = format!("/_matrix/client/v1/rooms/{}/timestamp_to_event?ts={moment}&dir=f", encode(&room));
    assert_eq!(pair.bob.get(&path).await.ok()["event_id"], *event);
    let context = format!("/rooms/{}/context/{}?limit=4", encode(&room), encode(&event));
    assert_eq!(pair.bob.get(&context).await.ok()["event"]["content"]["body"], "once upon a time");
}
