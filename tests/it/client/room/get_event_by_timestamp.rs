//! `GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event`

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, encode, two_in_a_room};

async fn find(user: &User, room: &str, query: &str) -> Answer {
    user.get(&format!("/_matrix/client/v1/rooms/{}/timestamp_to_event?{query}", encode(room))).await
}

/// Says something at a moment of its own, and answers the event and its time.
async fn say_later(user: &User, room: &str, text: &str) -> (String, u64) {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let event = user.say(room, text).await;
    let found = user.event(room, &event).await.ok();
    (event, found["origin_server_ts"].as_u64().unwrap())
}

fn pair(found: &Value) -> (String, u64) {
    (found["event_id"].as_str().unwrap().to_owned(), found["origin_server_ts"].as_u64().unwrap())
}

#[tokio::test]
async fn the_nearest_event_is_found_in_both_directions() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let mut said = Vec::new();
    for text in ["one", "two", "three"] {
        said.push(say_later(&alice, &room, text).await);
    }
    let [one, two, three] = &said[..] else { unreachable!() };
    let at = async |ts: u64, dir: &str| find(&bob, &room, &format!("ts={ts}&dir={dir}")).await;
    for event in &said {
        assert_eq!(pair(&at(event.1, "f").await.ok()), *event);
        assert_eq!(pair(&at(event.1, "b").await.ok()), *event);
    }
    assert_eq!(pair(&at(one.1 + 1, "f").await.ok()), *two);
    assert_eq!(pair(&at(three.1 - 1, "b").await.ok()), *two);
    assert_eq!(pair(&at(three.1 + 3_600_000, "b").await.ok()), *three);
    at(three.1 + 1, "f").await.refused(404, "M_NOT_FOUND");
    at(0, "b").await.refused(404, "M_NOT_FOUND");
    // The first event of the room is the first of all times.
    let first = pair(&at(0, "f").await.ok()).0;
    assert_eq!(bob.event(&room, &first).await.ok()["type"], "m.room.create");
}

#[tokio::test]
async fn only_what_one_may_see_is_found() {
    let server = Server::start().await;
    let [alice, bob, carol] =
        [server.register("alice").await, server.register("bob").await, server.register("carol").await];
    let state = json!([{"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}]);
    let room = alice.create_room(json!({"preset": "public_chat", "initial_state": state})).await;
    let (_, before) = say_later(&alice, &room, "before").await;
    bob.join(&room).await.ok();
    let during = say_later(&alice, &room, "during").await;
    bob.leave(&room).await.ok();
    let (_, after) = say_later(&alice, &room, "after").await;
    let found = pair(&find(&bob, &room, &format!("ts={}&dir=b", after + 1)).await.ok());
    assert!(found.1 < after && found.1 >= during.1, "{found:?}");
    find(&bob, &room, &format!("ts={after}&dir=f")).await.refused(404, "M_NOT_FOUND");
    let found = pair(&find(&bob, &room, &format!("ts={before}&dir=f")).await.ok());
    assert!(found.1 > before, "{found:?}");
    find(&carol, &room, "ts=0&dir=f").await.refused(403, "M_FORBIDDEN");
    find(&carol, "!nowhere:localhost", "ts=0&dir=f").await.refused(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    find(&alice, &room, "dir=f").await.refused(400, "M_MISSING_PARAM");
    find(&alice, &room, "ts=0").await.refused(400, "M_MISSING_PARAM");
    for query in ["ts=soon&dir=f", "ts=-1&dir=f", "ts=0&dir=up"] {
        find(&alice, &room, query).await.refused(400, "M_INVALID_PARAM");
    }
    let path = format!("/_matrix/client/v1/rooms/{}/timestamp_to_event?ts=0&dir=f", encode(&room));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
