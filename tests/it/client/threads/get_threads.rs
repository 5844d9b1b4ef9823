//! `GET /_matrix/client/v1/rooms/{roomId}/threads`

use serde_json::json;

use crate::harness::{Answer, User, encode, event_ids, two_in_a_room};

async fn ask(user: &User, room: &str, query: &str) -> Answer {
    user.get(&format!("/_matrix/client/v1/rooms/{}/threads?{query}", encode(room))).await
}

#[tokio::test]
async fn threads_are_listed_by_their_newest_event() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    assert_eq!(ask(&bob, &room, "").await.ok()["chunk"], json!([]));
    let mut roots = Vec::new();
    for number in 0..5 {
        roots.push(alice.say(&room, &format!("root {number}")).await);
    }
    for root in &roots[..4] {
        alice.relate(&room, "m.thread", root, "reply").await;
    }
    bob.relate(&room, "m.thread", &roots[1], "reply").await;
    let page = ask(&bob, &room, "").await.ok();
    // Root 4 has no thread.
    let expected = [&*roots[1], &*roots[3], &*roots[2], &*roots[0]];
    assert_eq!(event_ids(&page["chunk"]), expected);
    assert!(page["next_batch"].is_null(), "{page}");
    let thread = &page["chunk"][0]["unsigned"]["m.relations"]["m.thread"];
    assert_eq!((&thread["count"], &thread["current_user_participated"]), (&json!(2), &json!(true)));
    assert_eq!(page["chunk"][0]["content"]["body"], "root 1");
    let (mut found, mut from) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = ask(&bob, &room, &format!("limit=1{from}")).await.ok();
        found.extend(event_ids(&page["chunk"]).into_iter().map(str::to_owned));
        match page["next_batch"].as_str() {
            Some(next) => from = format!("&from={}", encode(next)),
            None => break,
        }
    }
    assert_eq!(found, expected);

    let mine = ask(&bob, &room, "include=participated").await.ok();
    assert_eq!(event_ids(&mine["chunk"]), [&*roots[1]]);
    // Who began a thread takes part in it.
    assert_eq!(event_ids(&ask(&alice, &room, "include=participated").await.ok()["chunk"]), expected);
    assert_eq!(event_ids(&ask(&bob, &room, "include=all").await.ok()["chunk"]), expected);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, _bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    ask(&carol, &room, "").await.refused(403, "M_FORBIDDEN");
    ask(&alice, "!nowhere:localhost", "").await.refused(403, "M_FORBIDDEN");
    for query in ["from=nonsense", "limit=many"] {
        ask(&alice, &room, query).await.refused(400, "M_INVALID_PARAM");
    }
    ask(&alice, "nonsense", "").await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v1/rooms/{}/threads", encode(&room));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
