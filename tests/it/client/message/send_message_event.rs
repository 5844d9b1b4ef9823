//! `PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}`

use serde_json::{Value, json};

use crate::harness::{Server, encode, find_event, two_in_a_room};

#[tokio::test]
async fn two_people_chat() {
    let server = Server::start().await;
    let (alice, bob) = (server.register("alice").await, server.register("bob").await);
    let room = alice.create_room(json!({"preset": "private_chat", "name": "Tea", "invite": [bob.id]})).await;
    let invited = bob.sync(None).await;
    assert!(invited["rooms"]["invite"][&room].is_object(), "no invite in {invited}");
    bob.join(&room).await.ok();
    let since = bob.sync(None).await["next_batch"].as_str().unwrap().to_owned();
    let event = alice.say(&room, "one lump or two?").await;
    let (body, _) = bob
        .sync_until(Some(&since), |answer| {
            let events = answer["rooms"]["join"][&room]["timeline"]["events"].as_array()?;
            events
                .iter()
                .find(|found| found["event_id"] == *event)
                .map(|found| found["content"]["body"].clone())
        })
        .await;
    assert_eq!(body, "one lump or two?");
    let page = bob.messages(&room, "dir=b&limit=5").await;
    let first: &Value = &page["chunk"][0];
    assert_eq!(first["event_id"], *event);
}

#[tokio::test]
async fn anything_may_be_said() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let contents = [
        json!({}),
        json!({"body": "naïve ☕ \u{1F980} \u{0000} \"quoted\" \\ \n", "nested": {"a": [1, null, true, {"b": []}]}}),
        json!({"n": 9_007_199_254_740_991_i64, "m": -9_007_199_254_740_991_i64}),
        json!({"unsigned": {"age": 1}, "event_id": "$x", "content": {"content": 1}}),
    ];
    for content in contents {
        let event = alice.send_event(&room, "org.example.käse", content.clone()).await.event_id();
        let found = bob.event(&room, &event).await.ok();
        assert_eq!((&found["content"], &found["type"]), (&content, &json!("org.example.käse")));
    }
    // A type in the path is one segment, whatever it holds.
    let path = format!("/rooms/{}/send/{}/x1", encode(&room), encode("org/example type"));
    let event = alice.put(&path, json!({})).await.event_id();
    assert_eq!(bob.event(&room, &event).await.ok()["type"], "org/example type");
}

#[tokio::test]
async fn a_redaction_may_be_sent_like_anything_else() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let said = bob.say(&room, "oops").await;
    let redaction = bob
        .send_event(&room, "m.room.redaction", json!({"redacts": said, "reason": "slip"}))
        .await
        .event_id();
    let found = alice.event(&room, &said).await.ok();
    assert_eq!(
        (&found["content"], &found["unsigned"]["redacted_because"]["event_id"]),
        (&json!({}), &json!(redaction))
    );
    let other = alice.say(&room, "hers").await;
    bob.send_event(&room, "m.room.redaction", json!({"redacts": other})).await.refused(403, "M_FORBIDDEN");
    for content in [json!({}), json!({"redacts": 1}), json!({"redacts": "nonsense"})] {
        bob.send_event(&room, "m.room.redaction", content).await.refused(400, "M_INVALID_PARAM");
    }
}

#[tokio::test]
async fn nobody_chooses_the_time() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let path = format!("/rooms/{}/send/m.room.message/t1?ts=1000", encode(&room));
    let event = alice.put(&path, json!({"body": "long ago"})).await.event_id();
    let sent = bob.event(&room, &event).await.ok();
    assert!(sent["origin_server_ts"].as_u64().unwrap() > 1_700_000_000_000, "{sent}");
    // The paths of old are those of today.
    let path = format!("/_matrix/client/r0/rooms/{}/send/m.room.message/t2", encode(&room));
    let event = alice.put(&path, json!({"body": "old path"})).await.event_id();
    assert_eq!(bob.event(&room, &event).await.ok()["content"]["body"], "old path");
}

#[tokio::test]
async fn only_members_speak() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let words = json!({"msgtype": "m.text", "body": "hello"});
    carol.send_event(&room, "m.room.message", words.clone()).await.refused(403, "M_FORBIDDEN");
    alice.invite(&room, &carol).await.ok();
    carol.send_event(&room, "m.room.message", words.clone()).await.refused(403, "M_FORBIDDEN");
    bob.leave(&room).await.ok();
    bob.send_event(&room, "m.room.message", words.clone()).await.refused(403, "M_FORBIDDEN");
    bob.send_event("!nowhere:localhost", "m.room.message", words.clone()).await.refused(403, "M_FORBIDDEN");
    let path = format!("/_matrix/client/v3/rooms/{}/send/m.room.message/x", encode(&room));
    server.anonymous("PUT", &path, Some(words)).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    // Canonical JSON knows neither fractions nor numbers beyond 2^53.
    for content in [
        json!([]),
        json!("hello"),
        json!({"n": 1.5}),
        json!({"n": 9_007_199_254_740_992_u64}),
        json!({"deep": [{"n": -9_007_199_254_740_992_i64}]}),
    ] {
        alice.send_event(&room, "m.room.message", content).await.refused(400, "M_BAD_JSON");
    }
    alice.send_event("nonsense", "m.room.message", json!({})).await.refused(400, "M_INVALID_PARAM");
    let path = format!("/rooms/{}/send/m.room.create/x", encode(&room));
    let answer = alice.put(&path, json!({})).await;
    answer.is_sound();
    assert!(answer.status == 400 || answer.status == 403, "{answer:?}");
}

#[tokio::test]
async fn a_thread_does_not_grow_out_of_a_thread_nor_a_reaction_twice() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    let reply = bob.relate(&room, "m.thread", &root, "in the thread").await;
    let inside = json!({"body": "x", "m.relates_to": {"rel_type": "m.thread", "event_id": reply}});
    bob.send_event(&room, "m.room.message", inside).await.refused(400, "M_UNKNOWN");
    bob.react(&room, &root, "👍").await;
    let again = json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": root, "key": "👍"}});
    bob.send_event(&room, "m.reaction", again.clone()).await.refused(400, "M_DUPLICATE_ANNOTATION");
    bob.react(&room, &root, "🎉").await;
    let hers = alice.react(&room, &root, "👍").await;
    // What was taken back may be said again.
    alice.redact(&room, &hers, "r1", json!({})).await.ok();
    alice.send_event(&room, "m.reaction", again).await.ok();
}

#[tokio::test]
async fn everybody_gets_everything_once_in_one_order() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for user in [alice.clone(), bob.clone(), alice.log_in_again(&server, "PHONE").await] {
        let room = room.clone();
        tasks.spawn(async move {
            let mut sent = Vec::new();
            for number in 0..10 {
                sent.push(user.say(&room, &format!("{} {number}", user.device)).await);
            }
            sent
        });
    }
    let sent = tasks.join_all().await;
    let page = alice.messages(&room, "dir=f&limit=100").await;
    let place = |event: &String| {
        let found = find_event(&page["chunk"], event);
        page["chunk"].as_array().unwrap().iter().position(|event| event == found).unwrap()
    };
    for of_one in &sent {
        let places: Vec<usize> = of_one.iter().map(place).collect();
        assert!(places.is_sorted(), "{places:?}");
    }
    let messages = page["chunk"].as_array().unwrap().iter().filter(|event| event["type"] == "m.room.message");
    assert_eq!(messages.count(), 30);
    assert_eq!(
        bob.messages(&room, "dir=f&limit=100").await["chunk"].as_array().unwrap().len(),
        page["chunk"].as_array().unwrap().len()
    );
}
