//! `highlight_count` in `/sync`: what is meant for the reader.

use serde_json::json;

use super::{Pair, mention, rule_path};
use crate::harness::encode;

#[tokio::test]
async fn being_mentioned_highlights() {
    let pair = Pair::start().await;
    pair.writer.send_event(&pair.room, "m.room.message", mention(&pair.reader)).await.ok();
    pair.writer.say(&pair.room, "nothing special").await;
    assert_eq!(pair.counts().await, (2, 1));
    // Somebody else being mentioned is nothing special either.
    pair.writer.send_event(&pair.room, "m.room.message", mention(&pair.writer)).await.ok();
    assert_eq!(pair.counts().await, (3, 1));
    let event = pair.writer.say(&pair.room, "that is all").await;
    pair.read_up_to(&event).await;
    assert_eq!(pair.counts().await, (0, 0));
}

#[tokio::test]
async fn only_who_may_notifies_the_whole_room() {
    let pair = Pair::start().await;
    let everybody = || json!({"msgtype": "m.text", "body": "everybody!", "m.mentions": {"room": true}});
    pair.writer.send_event(&pair.room, "m.room.message", everybody()).await.ok();
    assert_eq!(pair.counts().await, (1, 1));
    // A newcomer has no power to do that.
    let carol = pair.server.register("carol").await;
    pair.writer.invite(&pair.room, &carol).await.ok();
    carol.join(&pair.room).await.ok();
    carol.send_event(&pair.room, "m.room.message", everybody()).await.ok();
    assert_eq!(pair.counts().await, (2, 1));
    // Unless the room gives it to everybody.
    let path = format!("/rooms/{}/state/m.room.power_levels", encode(&pair.room));
    let mut levels = pair.writer.get(&path).await.ok();
    levels["notifications"]["room"] = json!(0);
    pair.writer.set_state(&pair.room, "m.room.power_levels", "", levels).await.ok();
    carol.send_event(&pair.room, "m.room.message", everybody()).await.ok();
    assert_eq!(pair.counts().await, (3, 2));
}

#[tokio::test]
async fn words_of_ones_own_highlight() {
    let pair = Pair::start().await;
    let rule = json!({"pattern": "scone*", "actions": ["notify", {"set_tweak": "highlight"}]});
    pair.reader.put(&rule_path("content", "scones"), rule).await.ok();
    for text in ["SCONES, anybody?", "I like scone", "second-hand scones", "sco-nes"] {
        pair.writer.say(&pair.room, text).await;
    }
    assert_eq!(pair.counts().await, (4, 3));
}

#[tokio::test]
async fn malformed_mentions_mention_nobody() {
    let pair = Pair::start().await;
    let malformed = [
        json!({"user_ids": pair.reader.id}),
        json!({"user_ids": {"0": pair.reader.id}}),
        json!({"room": "true"}),
        json!([pair.reader.id]),
        json!(null),
    ];
    for mentions in malformed {
        let content = json!({"msgtype": "m.text", "body": "hm", "m.mentions": mentions});
        // A server may refuse such a message; if it takes it, nobody is mentioned.
        pair.writer.send_event(&pair.room, "m.room.message", content).await.is_sound();
    }
    assert_eq!(pair.counts().await.1, 0);
}
