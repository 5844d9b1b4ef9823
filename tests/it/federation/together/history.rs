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
async fn an_event_of_long_ago_is_found_by_its_date() {
    let pair = Pair::start().await;
    for version in ["9", "12"] {
        let room = pair.alice.create_room(public(version, json!({}))).await;
        let mut said = Vec::new();
        for number in 0..6 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            let event = pair.alice.say(&room, &format!("line {number}")).await;
            let sent = pair.alice.event(&room, &event).await.ok()["origin_server_ts"].as_u64().unwrap();
            said.push((event, sent));
        }
        pair.bob.join_via(&room, &pair.servers[0].name).await.ok();
        let find = async |ts: u64, dir: &str| {
            let path = format!("/_matrix/client/v1/rooms/{}/timestamp_to_event", encode(&room));
            pair.bob.get(&format!("{path}?ts={ts}&dir={dir}")).await
        };
        let found = find(said[2].1, "f").await.ok();
        assert_eq!((&found["event_id"], &found["origin_server_ts"]), (&json!(said[2].0), &json!(said[2].1)));
        assert_eq!(find(said[4].1 - 1, "b").await.ok()["event_id"], *said[3].0);
        // What was found has its place: there is something around it, and history goes on in both directions.
        let context = pair.bob.get(&format!("/rooms/{}/context/{}", encode(&room), encode(&said[2].0))).await;
        assert_eq!(context.ok()["event"]["event_id"], *said[2].0);
        let texts: Vec<String> = (0..6).map(|number| format!("line {number}")).collect();
        assert_eq!(pair.bob.texts(&room).await, texts, "{version}");
        // The beginning of the room; more than one event may have come of the same millisecond.
        let beginning = pair.bob.history(&room).await.last().unwrap()["origin_server_ts"].clone();
        assert_eq!(find(0, "f").await.ok()["origin_server_ts"], beginning);
        find(u64::from(u32::MAX) * 1000, "f").await.refused(404, "M_NOT_FOUND");
        agree(&[&pair.alice, &pair.bob], &room).await;
    }
}
