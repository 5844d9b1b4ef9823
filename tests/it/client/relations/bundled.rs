//! What is served together with an event of those that relate to it.
//! <https://spec.matrix.org/v1.19/client-server-api/#aggregations-of-child-events>

use serde_json::{Value, json};

use crate::harness::{User, encode, find_event, two_in_a_room};

/// A bundle without what depends on when and where it is shown.
fn timeless(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| !["age", "room_id"].contains(&key.as_str()));
            kept.map(|(key, value)| (key.clone(), timeless(value))).collect()
        }
        Value::Array(items) => items.iter().map(timeless).collect(),
        other => other.clone(),
    }
}

/// The bundle of an event, which is the same wherever the event is shown.
async fn bundle(user: &User, room: &str, event: &str) -> Value {
    let of = |event: &Value| timeless(&event["unsigned"]["m.relations"]);
    let alone = of(&user.event(room, event).await.ok());
    let page = user.messages(room, "dir=b&limit=50").await;
    assert_eq!(of(find_event(&page["chunk"], event)), alone, "in /messages");
    let context = user.get(&format!("/rooms/{}/context/{}", encode(room), encode(event))).await.ok();
    assert_eq!(of(&context["event"]), alone, "in /context");
    let filter = encode(r#"{"room":{"timeline":{"limit":50}}}"#);
    let synced = user.sync_with(&format!("filter={filter}")).await;
    let timeline = &synced["rooms"]["join"][room]["timeline"]["events"];
    assert_eq!(of(find_event(timeline, event)), alone, "in /sync");
    alone
}

#[tokio::test]
async fn the_newest_valid_edit_comes_along() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "one").await;
    assert_eq!(bundle(&bob, &room, &event).await, Value::Null);
    alice.relate(&room, "m.replace", &event, "two").await;
    let edit = alice.relate(&room, "m.replace", &event, "three").await;
    // Nobody edits what others wrote, nor into something else.
    bob.relate(&room, "m.replace", &event, "forged").await;
    let relation = json!({"rel_type": "m.replace", "event_id": event});
    let other_type = json!({"body": "x", "m.new_content": {"body": "x"}, "m.relates_to": relation});
    alice.send_event(&room, "m.sticker", other_type).await.ok();
    alice.send_event(&room, "m.room.message", json!({"body": "x", "m.relates_to": relation})).await.ok();
    let bundled = bundle(&bob, &room, &event).await;
    assert_eq!(bundled["m.replace"]["event_id"], *edit, "{bundled}");
    assert_eq!(bundled["m.replace"]["content"]["m.new_content"]["body"], "three");
    assert_eq!(
        (&bundled["m.replace"]["sender"], &bundled["m.replace"]["type"]),
        (&json!(alice.id), &json!("m.room.message"))
    );
    // The event itself stays as it was sent.
    assert_eq!(bob.event(&room, &event).await.ok()["content"]["body"], "one");
    // Edits of edits are none.
    alice.relate(&room, "m.replace", &edit, "four").await;
    assert_eq!(bundle(&bob, &room, &event).await["m.replace"]["event_id"], *edit);
    assert_eq!(bundle(&bob, &room, &edit).await, Value::Null);
}

#[tokio::test]
async fn a_thread_is_summed_up_for_each_reader() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    let root = alice.say(&room, "root").await;
    bob.relate(&room, "m.thread", &root, "first").await;
    let last = bob.relate(&room, "m.thread", &root, "last").await;
    let edit = bob.relate(&room, "m.replace", &last, "last, really").await;
    for (user, participated) in [(&alice, true), (&bob, true), (&carol, false)] {
        let thread = bundle(user, &room, &root).await["m.thread"].clone();
        assert_eq!(
            (&thread["count"], &thread["current_user_participated"]),
            (&json!(2), &json!(participated)),
            "{}",
            user.id
        );
        assert_eq!(thread["latest_event"]["event_id"], *last);
        assert_eq!(thread["latest_event"]["content"]["body"], "last");
        let nested = &thread["latest_event"]["unsigned"]["m.relations"]["m.replace"];
        assert_eq!(nested["event_id"], *edit, "{thread}");
    }
    let other = carol.relate(&room, "m.thread", &root, "me too").await;
    let thread = bundle(&carol, &room, &root).await["m.thread"].clone();
    assert_eq!((&thread["count"], &thread["current_user_participated"]), (&json!(3), &json!(true)));
    carol.redact(&room, &other, "r", json!({})).await.ok();
    let thread = bundle(&carol, &room, &root).await["m.thread"].clone();
    assert_eq!((&thread["count"], &thread["latest_event"]["event_id"]), (&json!(2), &json!(last)));
    assert_eq!(thread["current_user_participated"], false);
    // The thread lives on without its root's text.
    alice.redact(&room, &root, "r", json!({})).await.ok();
    assert_eq!(bundle(&bob, &room, &root).await["m.thread"]["count"], 2);
}

#[tokio::test]
async fn what_ignored_people_wrote_does_not_count() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    let hers = alice.relate(&room, "m.thread", &root, "hers").await;
    bob.relate(&room, "m.thread", &root, "his").await;
    let ignored = json!({"ignored_users": {bob.id.clone(): {}}});
    alice.put(&format!("/user/{}/account_data/m.ignored_user_list", alice.id), ignored).await.ok();
    let thread = alice.event(&room, &root).await.ok()["unsigned"]["m.relations"]["m.thread"].clone();
    assert_eq!(
        (&thread["count"], &thread["latest_event"]["event_id"]),
        (&json!(1), &json!(hers)),
        "{thread}"
    );
}

#[tokio::test]
async fn references_are_listed_and_reactions_are_not() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "verify me").await;
    let first = bob.relate(&room, "m.reference", &event, "a").await;
    let second = alice.relate(&room, "m.reference", &event, "b").await;
    bob.react(&room, &event, "👍").await;
    let bundled = bundle(&bob, &room, &event).await;
    assert_eq!(bundled, json!({"m.reference": {"chunk": [{"event_id": first}, {"event_id": second}]}}));
    alice.redact(&room, &first, "r", json!({})).await.ok();
    let bundled = bundle(&bob, &room, &event).await;
    assert_eq!(bundled, json!({"m.reference": {"chunk": [{"event_id": second}]}}));
    // Of an event that was taken away, nothing is told.
    alice.redact(&room, &event, "r2", json!({})).await.ok();
    assert_eq!(bundle(&bob, &room, &event).await, Value::Null);
}

#[tokio::test]
async fn other_rooms_have_no_say() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "ours").await;
    let carol = server.register("carol").await;
    let elsewhere = carol.create_room(json!({"preset": "public_chat"})).await;
    for kind in ["m.thread", "m.reference", "m.replace", "org.example.kind"] {
        carol.relate(&elsewhere, kind, &event, "theirs").await;
    }
    carol.react(&elsewhere, &event, "👎").await;
    // Not even those of the event's own author.
    alice.join(&elsewhere).await.ok();
    alice.relate(&elsewhere, "m.replace", &event, "elsewhere").await;
    alice.relate(&elsewhere, "m.thread", &event, "elsewhere").await;
    assert_eq!(bundle(&bob, &room, &event).await, Value::Null);
    let related = super::ask(&bob, &room, &event, "?recurse=true").await.ok();
    assert_eq!(related["chunk"], json!([]));
    for room in [&room, &elsewhere] {
        let threads = alice.get(&format!("/_matrix/client/v1/rooms/{}/threads", encode(room))).await.ok();
        assert_eq!(threads["chunk"], json!([]));
    }
    let filter = encode(r#"{"related_by_senders":["@carol:localhost"]}"#);
    assert_eq!(bob.messages(&room, &format!("dir=b&filter={filter}")).await["chunk"], json!([]));
    // What one says in one's own room counts there, however often others said it elsewhere.
    bob.react(&room, &event, "👎").await;
    alice.relate(&room, "m.thread", &event, "here").await;
    assert_eq!(bundle(&bob, &room, &event).await["m.thread"]["count"], 1);
}
