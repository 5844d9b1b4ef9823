//! `GET /_matrix/client/v3/rooms/{roomId}/messages`

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{Answer, User, bodies, encode, event_ids, list, members, two_in_a_room, types};

async fn ask(user: &User, room: &str, query: &str) -> Answer {
    user.get(&format!("/rooms/{}/messages?{query}", encode(room))).await
}

/// Pages to the end, and answers the ids of all events in the order of the pages.
async fn all_pages(user: &User, room: &str, dir: &str, limit: usize, start: Option<&str>) -> Vec<String> {
    let mut from = start.map(|start| format!("&from={start}")).unwrap_or_default();
    let mut ids = Vec::new();
    for _ in 0..200 {
        let page = user.messages(room, &format!("dir={dir}&limit={limit}{from}")).await;
        let found = event_ids(&page["chunk"]);
        assert!(found.len() <= limit, "{page}");
        ids.extend(found.into_iter().map(str::to_owned));
        assert!(page["start"].is_string(), "{page}");
        let Some(end) = page["end"].as_str() else { return ids };
        from = format!("&from={end}");
    }
    panic!("paging does not end");
}

#[tokio::test]
async fn every_event_comes_once_in_both_directions() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let mut said = Vec::new();
    for number in 0..23 {
        let user = if number % 3 == 0 { &bob } else { &alice };
        said.push(user.say(&room, &format!("{number}")).await);
    }
    let whole = all_pages(&bob, &room, "b", 1000, None).await;
    assert_eq!(whole.iter().collect::<HashSet<_>>().len(), whole.len());
    assert!(whole.iter().rev().filter(|id| said.contains(id)).eq(&said), "{whole:?}");
    let mut forward = whole.clone();
    forward.reverse();
    for limit in [1, 4, 7] {
        assert_eq!(all_pages(&bob, &room, "b", limit, None).await, whole, "back by {limit}");
        assert_eq!(all_pages(&alice, &room, "f", limit, None).await, forward, "forward by {limit}");
    }
    let first = bob.event(&room, &forward[0]).await.ok();
    assert_eq!(first["type"], "m.room.create");
}

#[tokio::test]
async fn one_turns_around_anywhere() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    for number in 0..12 {
        alice.say(&room, &format!("{number}")).await;
    }
    let newest = alice.messages(&room, "dir=b&limit=4").await;
    assert_eq!(bodies(&newest["chunk"]), ["11", "10", "9", "8"]);
    let older =
        alice.messages(&room, &format!("dir=b&limit=3&from={}", newest["end"].as_str().unwrap())).await;
    assert_eq!(bodies(&older["chunk"]), ["7", "6", "5"]);
    let end = older["end"].as_str().unwrap();
    let back = alice.messages(&room, &format!("dir=f&limit=5&from={end}")).await;
    assert_eq!(bodies(&back["chunk"]), ["5", "6", "7", "8", "9"]);
    let on = back["end"].as_str().unwrap();
    assert_eq!(
        bodies(&alice.messages(&room, &format!("dir=f&limit=5&from={on}")).await["chunk"]),
        ["10", "11"]
    );
    // `to` is where it stops at the latest.
    let to = newest["end"].as_str().unwrap();
    assert_eq!(
        bodies(&alice.messages(&room, &format!("dir=b&limit=50&to={to}")).await["chunk"]),
        ["11", "10", "9", "8"]
    );
    assert_eq!(
        bodies(&alice.messages(&room, &format!("dir=f&limit=50&from={end}&to={to}")).await["chunk"]),
        ["5", "6", "7"]
    );
    // What comes later is found from the end of what there was.
    let since = alice.now().await;
    alice.say(&room, "12").await;
    assert_eq!(bodies(&alice.messages(&room, &format!("dir=f&from={since}")).await["chunk"]), ["12"]);
    assert_eq!(bodies(&alice.messages(&room, &format!("dir=b&limit=1&from={since}")).await["chunk"]), ["11"]);
    // Without a limit there are ten.
    assert_eq!(list(&alice.messages(&room, "dir=b").await["chunk"]).len(), 10);
}

#[tokio::test]
async fn filters_choose_and_do_not_end_the_paging() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    for number in 0..30 {
        alice.send_event(&room, "org.example.noise", json!({"n": number})).await.ok();
        if number % 10 == 0 {
            bob.say(&room, &format!("{number}")).await;
        }
    }
    let picture = json!({"msgtype": "m.image", "body": "pot", "url": "mxc://localhost/pot"});
    alice.send_event(&room, "m.room.message", picture).await.ok();
    let filtered = async |filter: Value| {
        let filter = encode(&filter.to_string());
        let (mut found, mut from) = (Vec::new(), String::new());
        for _ in 0..50 {
            let page = bob.messages(&room, &format!("dir=b&limit=5&filter={filter}{from}")).await;
            found.extend(list(&page["chunk"]).to_vec());
            match page["end"].as_str() {
                Some(end) => from = format!("&from={end}"),
                None => return Value::Array(found),
            }
        }
        panic!("paging does not end");
    };
    let messages = filtered(json!({"types": ["m.room.message"]})).await;
    assert_eq!(bodies(&messages), ["pot", "20", "10", "0"]);
    assert_eq!(
        bodies(&filtered(json!({"types": ["m.room.*"], "senders": [bob.id]})).await),
        ["20", "10", "0"]
    );
    assert_eq!(bodies(&filtered(json!({"contains_url": true})).await), ["pot"]);
    let quiet = filtered(json!({"not_types": ["org.example.*", "m.room.message"]})).await;
    assert!(types(&quiet).iter().all(|kind| kind.starts_with("m.room.") && *kind != "m.room.message"));
    assert_eq!(list(&filtered(json!({"not_senders": [alice.id]})).await).len(), 4);
    assert_eq!(filtered(json!({"types": []})).await, json!([]));
    assert_eq!(filtered(json!({"rooms": ["!other:localhost"]})).await, json!([]));
}

#[tokio::test]
async fn events_are_chosen_by_what_relates_to_them() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let (one, two) = (alice.say(&room, "one").await, alice.say(&room, "two").await);
    alice.say(&room, "three").await;
    bob.relate(&room, "m.thread", &one, "reply").await;
    alice.relate(&room, "m.thread", &two, "reply").await;
    bob.react(&room, &two, "👍").await;
    let filtered = async |filter: Value| -> Vec<String> {
        let page =
            bob.messages(&room, &format!("dir=f&limit=50&filter={}", encode(&filter.to_string()))).await;
        bodies(&page["chunk"]).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(filtered(json!({"related_by_rel_types": ["m.thread"]})).await, ["one", "two"]);
    assert_eq!(filtered(json!({"related_by_senders": [bob.id]})).await, ["one", "two"]);
    let both = json!({"related_by_senders": [bob.id], "related_by_rel_types": ["m.thread"]});
    assert_eq!(filtered(both).await, ["one"]);
    assert_eq!(filtered(json!({"related_by_rel_types": ["m.replace"]})).await, [""; 0]);
    // And by what they relate to themselves.
    let messages = |name: &str| json!({"types": ["m.room.message"], name: ["m.thread", "m.replace"]});
    assert_eq!(filtered(messages("org.matrix.msc3874.rel_types")).await, ["reply", "reply"]);
    assert_eq!(filtered(messages("org.matrix.msc3874.not_rel_types")).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn members_come_with_what_they_said() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    alice.invite(&room, &carol).await.ok();
    carol.join(&room).await.ok();
    bob.say(&room, "one").await;
    alice.say(&room, "two").await;
    let lazy = encode(r#"{"lazy_load_members":true}"#);
    let page = carol.messages(&room, &format!("dir=b&limit=2&filter={lazy}")).await;
    assert_eq!(members(&page["state"]), [&alice.id, &bob.id]);
    let page = carol.messages(&room, "dir=b&limit=2").await;
    assert!(page["state"].as_array().is_none_or(Vec::is_empty), "{page}");
    // They look as they did then.
    let path = format!("/profile/{}/displayname", bob.id);
    bob.put(&path, json!({"displayname": "Robert"})).await.ok();
    let page = carol.messages(&room, &format!("dir=b&limit=3&filter={lazy}")).await;
    assert_eq!(types(&page["chunk"])[0], "m.room.member");
    let then = page["chunk"][2]["event_id"].as_str().unwrap();
    let context = carol.get(&format!("/rooms/{}/context/{}?limit=0", encode(&room), encode(then))).await.ok();
    let from = context["end"].as_str().unwrap();
    let page = carol.messages(&room, &format!("dir=b&limit=1&filter={lazy}&from={from}")).await;
    assert!(page["state"][0]["content"]["displayname"] != "Robert", "{page}");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (server, alice, bob, room) = two_in_a_room().await;
    let carol = server.register("carol").await;
    ask(&carol, &room, "dir=b").await.refused(403, "M_FORBIDDEN");
    ask(&alice, "!nowhere:localhost", "dir=b").await.refused(403, "M_FORBIDDEN");
    ask(&alice, &room, "").await.refused(400, "M_MISSING_PARAM");
    for query in [
        "dir=up",
        "dir=b&from=nonsense",
        "dir=b&to=nonsense",
        "dir=b&limit=many",
        "dir=b&limit=-1",
        "dir=b&filter=x",
    ] {
        let answer = ask(&alice, &room, query).await;
        answer.is_sound();
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    ask(&alice, "nonsense", "dir=b").await.refused(400, "M_INVALID_PARAM");
    ask(&alice, &room, "dir=b&limit=999999999").await.ok();
    assert_eq!(ask(&alice, &room, "dir=b&limit=0").await.ok()["chunk"], json!([]));
    // A token of another room is no way around anything.
    let elsewhere = bob.create_room(json!({})).await;
    let end = bob.messages(&elsewhere, "dir=b&limit=1").await["end"].as_str().unwrap().to_owned();
    ask(&alice, &room, &format!("dir=b&from={end}")).await.is_sound();
    let path = format!("/_matrix/client/v3/rooms/{}/messages?dir=b", encode(&room));
    server.anonymous("GET", &path, None).await.refused(401, "M_MISSING_TOKEN");
}
