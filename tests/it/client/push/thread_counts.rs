//! `unread_thread_notifications` in `/sync`, and receipts that speak of one thread.

use serde_json::{Value, json};

use super::{Pair, counts};
use crate::harness::encode;

impl Pair {
    /// A message in the thread of `root`.
    async fn say_in_thread(&self, root: &str, text: &str, mentions: &Value) -> String {
        let content = json!({
            "msgtype": "m.text", "body": text, "m.mentions": mentions,
            "m.relates_to": {"rel_type": "m.thread", "event_id": root},
        });
        self.writer.send_event(&self.room, "m.room.message", content).await.event_id()
    }

    /// The counts of the main timeline, and those of each thread.
    async fn thread_counts(&self) -> ((u64, u64), Value) {
        let filter = json!({"room": {"timeline": {"unread_thread_notifications": true}}});
        let room = self.room_with(Some(filter)).await;
        (counts(&room["unread_notifications"]), room["unread_thread_notifications"].clone())
    }

    async fn read_thread(&self, thread: &str, event: &str) {
        let path = format!("/rooms/{}/receipt/m.read/{}", encode(&self.room), encode(event));
        self.reader.post(&path, json!({"thread_id": thread})).await.ok();
    }
}

fn threads(expected: &[(&str, u64, u64)]) -> Value {
    let mut threads = json!({});
    for (root, notifications, highlights) in expected {
        threads[*root] = json!({"notification_count": notifications, "highlight_count": highlights});
    }
    threads
}

#[tokio::test]
async fn threads_are_counted_apart_for_those_who_ask() {
    let pair = Pair::start().await;
    let (tea, cake) = (pair.writer.say(&pair.room, "tea").await, pair.writer.say(&pair.room, "cake").await);
    pair.say_in_thread(&tea, "green", &json!({})).await;
    pair.say_in_thread(&tea, "black", &json!({"user_ids": [pair.reader.id]})).await;
    pair.say_in_thread(&cake, "lemon", &json!({})).await;
    // Without the filter, everything together.
    assert_eq!(pair.counts().await, (5, 1));
    let plain = pair.room_with(None).await;
    assert!(plain["unread_thread_notifications"].is_null(), "{plain}");
    let (main, by_thread) = pair.thread_counts().await;
    assert_eq!(main, (2, 0));
    assert_eq!(by_thread, threads(&[(&tea, 2, 1), (&cake, 1, 0)]));
}

#[tokio::test]
async fn a_threaded_receipt_reads_one_thread() {
    let pair = Pair::start().await;
    let (tea, cake) = (pair.writer.say(&pair.room, "tea").await, pair.writer.say(&pair.room, "cake").await);
    let green = pair.say_in_thread(&tea, "green", &json!({})).await;
    let lemon = pair.say_in_thread(&cake, "lemon", &json!({})).await;
    let black = pair.say_in_thread(&tea, "black", &json!({})).await;
    pair.read_thread(&tea, &green).await;
    assert_eq!(pair.thread_counts().await, ((2, 0), threads(&[(&tea, 1, 0), (&cake, 1, 0)])));
    pair.read_thread("main", &cake).await;
    assert_eq!(pair.thread_counts().await, ((0, 0), threads(&[(&tea, 1, 0), (&cake, 1, 0)])));
    pair.read_thread(&tea, &black).await;
    assert_eq!(pair.thread_counts().await, ((0, 0), threads(&[(&cake, 1, 0)])));
    pair.read_thread(&cake, &lemon).await;
    let (main, by_thread) = pair.thread_counts().await;
    assert_eq!(main, (0, 0));
    assert!(by_thread.as_object().is_none_or(serde_json::Map::is_empty), "{by_thread}");
}

#[tokio::test]
async fn an_unthreaded_receipt_reads_everything_before_it() {
    let pair = Pair::start().await;
    let tea = pair.writer.say(&pair.room, "tea").await;
    pair.say_in_thread(&tea, "green", &json!({})).await;
    let main = pair.writer.say(&pair.room, "cake").await;
    pair.say_in_thread(&tea, "black", &json!({})).await;
    pair.read_up_to(&main).await;
    assert_eq!(pair.thread_counts().await, ((0, 0), threads(&[(&tea, 1, 0)])));
    // A receipt in the thread that is further back takes nothing away.
    assert_eq!(pair.counts().await, (1, 0));
}

#[tokio::test]
async fn the_main_timeline_does_not_read_threads() {
    let pair = Pair::start().await;
    let tea = pair.writer.say(&pair.room, "tea").await;
    pair.say_in_thread(&tea, "green", &json!({})).await;
    let last = pair.writer.say(&pair.room, "last").await;
    pair.read_thread("main", &last).await;
    assert_eq!(pair.thread_counts().await, ((0, 0), threads(&[(&tea, 1, 0)])));
    assert_eq!(pair.counts().await, (1, 0));
}

#[tokio::test]
async fn a_filter_that_was_stored_asks_as_well() {
    let pair = Pair::start().await;
    let tea = pair.writer.say(&pair.room, "tea").await;
    let green = pair.say_in_thread(&tea, "green", &json!({})).await;
    let filter = json!({"room": {"timeline": {"unread_thread_notifications": true}}});
    let path = format!("/user/{}/filter", encode(&pair.reader.id));
    let id = pair.reader.post(&path, filter).await.ok()["filter_id"].as_str().unwrap().to_owned();
    let answer = pair.reader.get(&format!("/sync?timeout=0&filter={id}")).await.ok();
    let room = &answer["rooms"]["join"][&pair.room];
    assert_eq!(room["unread_thread_notifications"], threads(&[(&tea, 1, 0)]));
    // An incremental sync tells of the change.
    let since = answer["next_batch"].as_str().unwrap();
    pair.read_thread(&tea, &green).await;
    let answer = pair.reader.get(&format!("/sync?timeout=0&filter={id}&since={since}")).await.ok();
    let room = &answer["rooms"]["join"][&pair.room];
    assert_eq!(counts(&room["unread_notifications"]), (1, 0), "{answer}");
    assert!(room["unread_thread_notifications"].as_object().is_none_or(serde_json::Map::is_empty));
}
