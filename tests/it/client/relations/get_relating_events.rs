//! `GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}`

use serde_json::json;

use super::ask;
use crate::harness::{encode, event_ids, two_in_a_room};

#[tokio::test]
async fn whatever_relates_to_an_event_is_listed() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    alice.say(&room, "unrelated").await;
    let reaction = bob.react(&room, &root, "👍").await;
    let reply = bob.relate(&room, "m.thread", &root, "reply").await;
    let edit = alice.relate(&room, "m.replace", &root, "edited root").await;
    let page = ask(&bob, &room, &root, "").await.ok();
    // The newest first, if nothing else is asked for.
    assert_eq!(event_ids(&page["chunk"]), [&*edit, &*reply, &*reaction]);
    assert!(page["next_batch"].is_null() && page["prev_batch"].is_null(), "{page}");
    assert_eq!(page["chunk"][1]["content"]["m.relates_to"]["event_id"], *root);
    assert_eq!(page["chunk"][0]["room_id"], *room);
    let forward = ask(&bob, &room, &root, "?dir=f").await.ok();
    assert_eq!(event_ids(&forward["chunk"]), [&*reaction, &*reply, &*edit]);
    assert_eq!(ask(&bob, &room, &reply, "").await.ok()["chunk"], json!([]));
    // What is taken back relates to nothing any more.
    bob.redact(&room, &reaction, "r", json!({})).await.ok();
    assert_eq!(event_ids(&ask(&bob, &room, &root, "").await.ok()["chunk"]), [&*edit, &*reply]);
}

#[tokio::test]
async fn pages_hold_each_event_once() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    let mut replies = Vec::new();
    for number in 0..9 {
        replies.push(bob.relate(&room, "m.thread", &root, &format!("{number}")).await);
    }
    for dir in ["b", "f"] {
        let (mut found, mut from) = (Vec::new(), String::new());
        for _ in 0..10 {
            let page = ask(&alice, &room, &root, &format!("?limit=2&dir={dir}{from}")).await.ok();
            found.extend(event_ids(&page["chunk"]).into_iter().map(str::to_owned));
            match page["next_batch"].as_str() {
                Some(next) => from = format!("&from={}", encode(next)),
                None => break,
            }
        }
        if dir == "b" {
            found.reverse();
        }
        assert_eq!(found, replies, "{dir}");
    }
    // A token of the room's pages is as good.
    let page = alice.messages(&room, "dir=b&limit=4").await;
    let from = encode(page["end"].as_str().unwrap());
    let older = ask(&alice, &room, &root, &format!("?from={from}&limit=2")).await.ok();
    assert_eq!(event_ids(&older["chunk"]), [&*replies[4], &*replies[3]]);
}

#[tokio::test]
async fn relations_of_relations_are_found_on_request() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let root = alice.say(&room, "root").await;
    let reply = bob.relate(&room, "m.thread", &root, "reply").await;
    let edit = bob.relate(&room, "m.replace", &reply, "better reply").await;
    let reaction = alice.react(&room, &reply, "👍").await;
    let direct = ask(&alice, &room, &root, "").await.ok();
    assert_eq!(event_ids(&direct["chunk"]), [&*reply]);
    assert!(direct["recursion_depth"].is_null(), "{direct}");
    let all = ask(&alice, &room, &root, "?recurse=true").await.ok();
    assert_eq!(event_ids(&all["chunk"]), [&*reaction, &*edit, &*reply]);
    assert!(all["recursion_depth"].as_u64().is_some_and(|depth| depth >= 2), "{all}");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    let root = alice.say(&room, "root").await;
    let answer = ask(&carol, &room, &root, "").await;
    answer.is_sound();
    assert!(answer.status == 404 || answer.status == 403, "{answer:?}");
    ask(&bob, &room, "$nothing", "").await.refused(404, "M_NOT_FOUND");
    let elsewhere = bob.create_room(json!({})).await;
    ask(&bob, &elsewhere, &root, "").await.refused(404, "M_NOT_FOUND");
    for rest in ["?from=nonsense", "?to=nonsense", "?limit=many", "?recurse=perhaps"] {
        ask(&bob, &room, &root, rest).await.refused(400, "M_INVALID_PARAM");
    }
    ask(&bob, &room, "nonsense", "").await.refused(400, "M_INVALID_PARAM");
    let path = format!("/_matrix/client/v1/rooms/{}/relations/{}", encode(&room), encode(&root));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
