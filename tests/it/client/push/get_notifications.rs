//! `GET /_matrix/client/v3/notifications`

use serde_json::{Value, json};

use super::{Pair, mention};
use crate::harness::{Server, encode};

impl Pair {
    async fn notifications(&self, query: &str) -> Value {
        self.reader.get(&format!("/notifications{query}")).await.ok()
    }
}

fn event_ids(page: &Value) -> Vec<String> {
    let notifications = page["notifications"].as_array().unwrap();
    notifications.iter().map(|found| found["event"]["event_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_notified_is_listed_newest_first() {
    let pair = Pair::start().await;
    let first = pair.writer.say(&pair.room, "one").await;
    pair.reader.say(&pair.room, "my own").await;
    let second = pair.writer.send_event(&pair.room, "m.room.message", mention(&pair.reader)).await.event_id();
    pair.writer
        .send_event(&pair.room, "m.room.message", json!({"msgtype": "m.notice", "body": "-"}))
        .await
        .ok();
    pair.read_up_to(&first).await;
    let page = pair.notifications("").await;
    assert_eq!(event_ids(&page), [second, first]);
    assert!(page["next_token"].is_null(), "{page}");
    let (newest, oldest) = (&page["notifications"][0], &page["notifications"][1]);
    assert_eq!((&newest["read"], &oldest["read"]), (&json!(false), &json!(true)));
    assert_eq!(newest["room_id"], *pair.room);
    assert_eq!(newest["event"]["content"]["body"], "you there?");
    assert_eq!(newest["event"]["sender"], *pair.writer.id);
    assert_eq!(newest["ts"], newest["event"]["origin_server_ts"]);
    assert_eq!(newest["actions"][0], "notify");
    let highlights = |found: &Value| {
        found["actions"].as_array().unwrap().iter().any(|action| action["set_tweak"] == "highlight")
    };
    assert!(highlights(newest) && !highlights(oldest), "{page}");
}

#[tokio::test]
async fn whoever_writes_has_read_what_is_above() {
    let pair = Pair::start().await;
    pair.writer.say(&pair.room, "one").await;
    pair.writer.send_event(&pair.room, "m.room.message", mention(&pair.reader)).await.ok();
    let unread = |answer: Value| answer["rooms"]["join"][&pair.room]["unread_notifications"].clone();
    let before = unread(pair.reader.sync(None).await);
    assert_eq!(before, json!({"notification_count": 2, "highlight_count": 1}));
    pair.reader.say(&pair.room, "here I am").await;
    let after = unread(pair.reader.sync(None).await);
    assert_eq!(after, json!({"notification_count": 0, "highlight_count": 0}));
    pair.writer.say(&pair.room, "good").await;
    assert_eq!(unread(pair.reader.sync(None).await)["notification_count"], 1);
    let page = pair.notifications("").await;
    let read: Vec<&Value> =
        page["notifications"].as_array().unwrap().iter().map(|found| &found["read"]).collect();
    assert_eq!(read, [&json!(false), &json!(true), &json!(true)]);
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    let pair = Pair::start().await;
    let other = pair.writer.create_room(json!({"preset": "public_chat"})).await;
    pair.reader.join(&other).await.ok();
    let mut expected = Vec::new();
    for index in 0..7 {
        let room = if index % 2 == 0 { &pair.room } else { &other };
        expected.push(pair.writer.say(room, "hello").await);
    }
    expected.reverse();
    let (mut found, mut query, mut pages) = (Vec::new(), "?limit=3".to_owned(), 0);
    loop {
        let page = pair.notifications(&query).await;
        let ids = event_ids(&page);
        assert!(ids.len() <= 3, "{page}");
        found.extend(ids);
        pages += 1;
        let Some(next) = page["next_token"].as_str() else { break };
        query = format!("?limit=3&from={}", encode(next));
        // What comes in between does not move the pages.
        pair.writer.say(&pair.room, "newer").await;
    }
    assert_eq!(found, expected);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn highlights_can_be_asked_for_alone() {
    let pair = Pair::start().await;
    let mut expected = Vec::new();
    for index in 0..6 {
        if index % 3 == 0 {
            let content = mention(&pair.reader);
            expected
                .insert(0, pair.writer.send_event(&pair.room, "m.room.message", content).await.event_id());
        } else {
            pair.writer.say(&pair.room, "chatter").await;
        }
    }
    assert_eq!(event_ids(&pair.notifications("?only=highlight").await), expected);
    let page = pair.notifications("?only=highlight&limit=1").await;
    assert_eq!(event_ids(&page), expected[..1]);
    let next = encode(page["next_token"].as_str().expect("there is another"));
    let page = pair.notifications(&format!("?only=highlight&limit=1&from={next}")).await;
    assert_eq!(event_ids(&page), expected[1..]);
}

#[tokio::test]
async fn nobody_hears_of_rooms_they_are_not_in() {
    let pair = Pair::start().await;
    pair.writer.say(&pair.room, "between us").await;
    let carol = pair.server.register("carol").await;
    assert_eq!(carol.get("/notifications").await.ok()["notifications"], json!([]));
    pair.reader.post(&format!("/rooms/{}/leave", encode(&pair.room)), json!({})).await.ok();
    pair.writer.say(&pair.room, "he is gone").await;
    assert!(event_ids(&pair.notifications("").await).is_empty(), "a room that was left notifies nobody");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    for query in ["from=nonsense", "limit=-1", "limit=many", "limit=18446744073709551616"] {
        alice.get(&format!("/notifications?{query}")).await.refused(400, "M_INVALID_PARAM");
    }
    // What no server may do is not asked of this one: it answers as many as it likes.
    alice.get("/notifications?limit=100000").await.ok();
    alice.get("/notifications?limit=0").await.ok();
    let path = "/_matrix/client/v3/notifications";
    server.anonymous("GET", path, None).await.refused(401, "M_MISSING_TOKEN");
}
