//! `POST /_matrix/client/v3/search`

use serde_json::{Value, json};

use super::{found, search, search_from, texts};
use crate::harness::{Server, bodies, event_ids, find_state, two_in_a_room};

#[tokio::test]
async fn words_are_found_and_come_with_their_event() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let event = alice.say(&room, "Good Morning, Ünder-World! 42").await;
    bob.say(&room, "something else").await;
    for term in ["good", "MORNING", "morn", "under world", "Ünder", "42", "\"good morning\"", "world good"] {
        assert_eq!(found(&bob, term).await, ["Good Morning, Ünder-World! 42"], "{term}");
    }
    for term in ["goodness", "morning else", "\"morning good\"", "", "…", "oo"] {
        assert_eq!(found(&bob, term).await, [""; 0], "{term}");
    }
    let answer = search(&bob, json!({"search_term": "under"})).await;
    assert_eq!(answer["count"], 1);
    assert_eq!(answer["highlights"], json!(["ünder"]));
    let result = &answer["results"][0];
    assert!(result["rank"].as_f64().unwrap() > 0.0, "{result}");
    assert_eq!(result["result"]["event_id"], *event);
    assert_eq!(result["result"]["room_id"], *room);
    assert_eq!(result["result"]["sender"], *alice.id);
    assert!(result.get("context").is_none() && answer.get("groups").is_none(), "{answer}");
    assert!(answer.get("next_batch").is_none() && answer.get("state").is_none(), "{answer}");
}

#[tokio::test]
async fn parts_of_sentences_without_spaces_are_found() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    alice.say(&room, "私は東京都に住んでいます").await;
    alice.say(&room, "สวัสดีตอนเช้า").await;
    alice.say(&room, "오늘 저녁에 만나요").await;
    for term in ["東京", "京都に", "東", "住んで", "私は 東京"] {
        assert_eq!(found(&alice, term).await, ["私は東京都に住んでいます"], "{term}");
    }
    assert_eq!(found(&alice, "ตอนเช้า").await, ["สวัสดีตอนเช้า"]);
    assert_eq!(found(&alice, "저녁").await, ["오늘 저녁에 만나요"]);
    for term in ["京東", "大阪", "東住"] {
        assert_eq!(found(&alice, term).await, [""; 0], "{term}");
    }
    let answer = search(&alice, json!({"search_term": "東京"})).await;
    assert_eq!(answer["highlights"], json!(["東京"]));
}

#[tokio::test]
async fn names_and_topics_are_searched_under_their_keys() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    let room = alice.create_room(json!({"name": "Gardening", "topic": "Gardening for everybody"})).await;
    alice.say(&room, "gardening is fun").await;
    let kinds = async |keys: Value| {
        let answer = search(&alice, json!({"search_term": "gardening", "keys": keys})).await;
        let mut kinds: Vec<String> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["result"]["type"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds(json!(null)).await, ["m.room.message", "m.room.name", "m.room.topic"]);
    assert_eq!(kinds(json!(["content.body"])).await, ["m.room.message"]);
    assert_eq!(kinds(json!(["content.name", "content.topic"])).await, ["m.room.name", "m.room.topic"]);
    assert_eq!(kinds(json!(["content.unknown"])).await, [""; 0]);
}

#[tokio::test]
async fn filters_narrow_the_search() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let other = alice.create_room(json!({})).await;
    alice.say(&room, "tea by alice").await;
    bob.say(&room, "tea by bob").await;
    alice.say(&other, "tea elsewhere").await;
    let file = json!({"msgtype": "m.file", "body": "tea.pdf", "url": "mxc://localhost/tea"});
    bob.send_event(&room, "m.room.message", file).await.ok();
    let filtered = async |filter: Value| {
        texts(&search(&alice, json!({"search_term": "tea", "order_by": "recent", "filter": filter})).await)
    };
    assert_eq!(filtered(json!({})).await, ["tea.pdf", "tea elsewhere", "tea by bob", "tea by alice"]);
    assert_eq!(filtered(json!({"rooms": [other]})).await, ["tea elsewhere"]);
    assert_eq!(filtered(json!({"rooms": []})).await, [""; 0]);
    assert_eq!(filtered(json!({"not_rooms": [room]})).await, ["tea elsewhere"]);
    assert_eq!(filtered(json!({"senders": [bob.id]})).await, ["tea.pdf", "tea by bob"]);
    assert_eq!(filtered(json!({"senders": ["@nobody:localhost"]})).await, [""; 0]);
    assert_eq!(filtered(json!({"not_senders": [bob.id]})).await, ["tea elsewhere", "tea by alice"]);
    assert_eq!(filtered(json!({"contains_url": true})).await, ["tea.pdf"]);
    assert_eq!(
        filtered(json!({"contains_url": false, "rooms": [room]})).await,
        ["tea by bob", "tea by alice"]
    );
    assert_eq!(filtered(json!({"types": ["m.room.name"]})).await, [""; 0]);
    assert_eq!(filtered(json!({"types": ["m.room.*"], "limit": 1})).await, ["tea.pdf"]);
    assert_eq!(filtered(json!({"not_types": ["m.room.message"]})).await, [""; 0]);
    assert_eq!(filtered(json!({"limit": 0})).await, [""; 0]);
}

#[tokio::test]
async fn whole_words_rank_above_beginnings() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    for text in ["the cathedral is old", "a cat sat here", "cats and cathedrals and more of all that"] {
        alice.say(&room, text).await;
    }
    let answer = search(&alice, json!({"search_term": "cat"})).await;
    assert_eq!(texts(&answer)[0], "a cat sat here");
    assert_eq!(answer["count"], 3);
    let ranks: Vec<f64> =
        answer["results"].as_array().unwrap().iter().map(|result| result["rank"].as_f64().unwrap()).collect();
    assert!(ranks.is_sorted_by(|a, b| a >= b), "{ranks:?}");
}

#[tokio::test]
async fn pages_follow_each_other_in_both_orders() {
    let (_server, alice, _bob, room) = two_in_a_room().await;
    for number in 0..12 {
        alice.say(&room, &format!("page {number}")).await;
    }
    for order in ["recent", "rank"] {
        let criteria = json!({"search_term": "page", "order_by": order, "filter": {"limit": 5}});
        let (mut all, mut from, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let answer = search_from(&alice, criteria.clone(), &from).await;
            assert_eq!(answer["count"], 12, "{order}");
            all.extend(texts(&answer));
            pages += 1;
            match answer["next_batch"].as_str() {
                Some(next) => next.clone_into(&mut from),
                None => break,
            }
        }
        let expected: Vec<String> = (0..12).rev().map(|number| format!("page {number}")).collect();
        assert_eq!(all, expected, "{order}");
        assert_eq!(pages, 3, "{order}");
    }
}

#[tokio::test]
async fn groups_have_pages_of_their_own() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    let other = alice.create_room(json!({})).await;
    for number in 0..3 {
        alice.say(&room, &format!("grouped a{number}")).await;
        alice.say(&other, &format!("grouped b{number}")).await;
        bob.say(&room, &format!("grouped c{number}")).await;
    }
    let criteria = json!({
        "search_term": "grouped", "order_by": "recent", "filter": {"limit": 3},
        "groupings": {"group_by": [{"key": "room_id"}, {"key": "sender"}]},
    });
    let answer = search(&alice, criteria.clone()).await;
    assert_eq!(texts(&answer), ["grouped c2", "grouped b2", "grouped a2"]);
    let rooms = &answer["groups"]["room_id"];
    assert_eq!(rooms[&room]["results"].as_array().unwrap().len(), 2);
    assert_eq!(rooms[&other]["results"], json!([answer["results"][1]["result"]["event_id"]]));
    assert_eq!((&rooms[&room]["order"], &rooms[&other]["order"]), (&json!(1), &json!(2)));
    let senders = &answer["groups"]["sender"];
    assert_eq!(senders[&bob.id]["results"], json!([answer["results"][0]["result"]["event_id"]]));
    // On within one room.
    let next = rooms[&other]["next_batch"].as_str().unwrap();
    let within = search_from(&alice, criteria.clone(), next).await;
    assert_eq!(texts(&within), ["grouped b1", "grouped b0"]);
    assert!(within.get("next_batch").is_none(), "{within}");
    assert_eq!(within["count"], 3);
    // On within one sender, in steps.
    let next = senders[&bob.id]["next_batch"].as_str().unwrap();
    let within = search_from(&alice, criteria, next).await;
    assert_eq!(texts(&within), ["grouped c1", "grouped c0"]);
}

#[tokio::test]
async fn results_come_with_their_surroundings_and_state() {
    let (_server, alice, bob, room) = two_in_a_room().await;
    for text in ["one", "two", "needle", "four", "five"] {
        bob.say(&room, text).await;
    }
    let context = json!({"before_limit": 2, "after_limit": 1, "include_profile": true});
    let criteria = json!({"search_term": "needle", "event_context": context, "include_state": true});
    let answer = search(&alice, criteria).await;
    let context = &answer["results"][0]["context"];
    assert_eq!(bodies(&context["events_before"]), ["two", "one"]);
    assert_eq!(bodies(&context["events_after"]), ["four"]);
    assert_eq!(context["profile_info"][&bob.id]["displayname"], "bob");
    let older =
        alice.messages(&room, &format!("dir=b&limit=1&from={}", context["start"].as_str().unwrap())).await;
    assert_eq!(older["chunk"][0]["type"], "m.room.member");
    let newer =
        alice.messages(&room, &format!("dir=f&limit=1&from={}", context["end"].as_str().unwrap())).await;
    assert_eq!(bodies(&newer["chunk"]), ["five"]);
    let state = &answer["state"][&room];
    assert!(find_state(state, "m.room.create", "").is_some(), "{state}");
    // By default five on each side, and no profiles.
    let answer = search(&alice, json!({"search_term": "needle", "event_context": {}})).await;
    let context = &answer["results"][0]["context"];
    assert_eq!(event_ids(&context["events_before"]).len(), 5);
    assert_eq!(bodies(&context["events_after"]), ["four", "five"]);
    assert!(context.get("profile_info").is_none() && answer.get("state").is_none(), "{answer}");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::start().await;
    let alice = server.register("alice").await;
    alice.post("/search", json!({})).await.refused(400, "M_BAD_JSON");
    let nothing = alice.post("/search", json!({"search_categories": {}})).await.ok();
    assert_eq!(nothing, json!({"search_categories": {}}));
    let ask = async |criteria: Value, query: &str| {
        alice.post(&format!("/search{query}"), json!({"search_categories": {"room_events": criteria}})).await
    };
    ask(json!({}), "").await.refused(400, "M_BAD_JSON");
    ask(json!({"search_term": 1}), "").await.refused(400, "M_BAD_JSON");
    ask(json!({"search_term": "x", "order_by": "size"}), "").await.refused(400, "M_INVALID_PARAM");
    let group = json!({"group_by": [{"key": "type"}]});
    ask(json!({"search_term": "x", "groupings": group}), "").await.refused(400, "M_INVALID_PARAM");
    ask(json!({"search_term": "x"}), "?next_batch=nonsense").await.refused(400, "M_INVALID_PARAM");
    ask(json!({"search_term": "x", "event_context": {"before_limit": -1}}), "")
        .await
        .refused(400, "M_BAD_JSON");
    ask(json!({"search_term": "long ".repeat(20_000)}), "").await.ok();
    let body = Some(json!({"search_categories": {"room_events": {"search_term": "x"}}}));
    server.anonymous("POST", "/_matrix/client/v3/search", body).await.refused(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn without_an_index_there_is_no_search() {
    let server = Server::start_with("[search]\nenabled = false\n").await;
    let alice = server.register("alice").await;
    let body = json!({"search_categories": {"room_events": {"search_term": "x"}}});
    alice.post("/search", body).await.refused(400, "M_UNKNOWN");
    assert!(!server.path().join("data/search").exists());
}
