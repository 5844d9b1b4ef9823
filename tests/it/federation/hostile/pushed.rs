//! Events that a server sends by itself.

use serde_json::{Value, json};

use super::{
    authorised_by,
    flaws::{Flaw, put},
    goes_on,
};
use crate::{
    federation::shared::Shared,
    harness::{encode, eventually, now_ms},
};

/// Sends events in one transaction and checks that it is accepted as such.
async fn send(shared: &Shared, transaction: &str, pdus: &[Value]) -> Value {
    let body = json!({"origin": shared.peer.name, "origin_server_ts": now_ms(), "pdus": pdus});
    let path = format!("/_matrix/federation/v1/send/{}", encode(transaction));
    put(&shared.peer, &shared.server, &path, &body).await.ok()
}

#[tokio::test]
async fn a_flawed_event_costs_only_itself() {
    let shared = Shared::start().await;
    for flaw in Flaw::ALL {
        let (_, model) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "flawed").await;
        let (bad_id, bad) = flaw.spoil(&shared.peer, &model);
        let text = format!("beside {flaw:?}");
        let (good_id, good) = shared.peer.message(&shared.server, &shared.room, &shared.bob, &text).await;
        let answer = send(&shared, &format!("{flaw:?}"), &[bad, good]).await;
        assert!(answer["pdus"][&good_id]["error"].is_null(), "{flaw:?}: {answer}");
        shared.alice.sees(&shared.room, &good_id).await;
        shared.alice.event(&shared.room, &bad_id).await.refused(404, "M_NOT_FOUND");
    }
    let seen = shared.alice.texts(&shared.room).await;
    assert_eq!(seen.len(), Flaw::ALL.len(), "{seen:?}");
    goes_on(&shared).await;
}

#[tokio::test]
async fn a_wrong_hash_leaves_an_event_without_its_content() {
    let shared = Shared::start().await;
    let (event_id, mut event) =
        shared.peer.message(&shared.server, &shared.room, &shared.bob, "before").await;
    event["content"]["body"] = json!("changed on the way");
    send(&shared, "t", &[event]).await;
    let shown = shared.alice.sees(&shared.room, &event_id).await;
    assert_eq!(shown["content"], json!({}));
    goes_on(&shared).await;
}

#[tokio::test]
async fn nobody_speaks_for_the_users_of_others() {
    let shared = Shared::start().await;
    let (_, model) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "not mine").await;
    for sender in
        [shared.alice.id.clone(), shared.stranger.user("carol"), "@dave:elsewhere.example".to_owned()]
    {
        let mut event = model.clone();
        event["sender"] = json!(sender);
        event.as_object_mut().unwrap().remove("signatures");
        let (event_id, event) = shared.peer.event(event);
        send(&shared, &sender, &[event]).await;
        shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    }
    assert_eq!(shared.alice.texts(&shared.room).await, Vec::<String>::new());
    goes_on(&shared).await;
}

#[tokio::test]
async fn a_server_outside_of_a_room_is_not_heard_in_it() {
    let shared = Shared::start().await;
    let (_, mut event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "let me in").await;
    event["sender"] = json!(shared.stranger.user("carol"));
    event.as_object_mut().unwrap().remove("signatures");
    let (event_id, event) = shared.stranger.event(event);
    shared.stranger.send(&shared.server, "t", &[event]).await.ok();
    shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    goes_on(&shared).await;
}

#[tokio::test]
async fn what_the_rules_forbid_has_no_effect_and_what_follows_it_has() {
    // In newer rooms a second beginning is no event at all.
    let shared = Shared::start_with(json!({"preset": "public_chat", "room_version": "11"})).await;
    let (peer, server, room) = (&shared.peer, &shared.server, &shared.room);
    let levels = json!({"users": {&shared.bob: 100}});
    let member = json!({"membership": "ban"});
    let create = json!({"room_version": "11"});
    let forbidden = [
        ("m.room.power_levels", "", levels),
        ("m.room.member", shared.alice.id.as_str(), member),
        ("m.room.create", "", create),
        ("m.room.topic", "", json!({"topic": "mine"})),
        ("org.example.other", shared.alice.id.as_str(), json!({})),
    ];
    let before = shared.alice.room_state(room).await;
    for (kind, key, content) in forbidden {
        let (bad_id, bad) = peer.draft(server, room, &shared.bob, kind, Some(key), content).await;
        // The next event stands on it, and still says what it says.
        let (_, mut next) = peer.message(server, room, &shared.bob, kind).await;
        next["prev_events"] = json!([bad_id]);
        next["depth"] = json!(bad["depth"].as_u64().unwrap() + 1);
        next.as_object_mut().unwrap().remove("signatures");
        let (next_id, next) = peer.event(next);
        send(&shared, &bad_id, &[bad, next]).await;
        shared.alice.sees(room, &next_id).await;
        let shown = shared.alice.event(room, &bad_id).await;
        assert_eq!(shown.status, 404, "{kind} is shown: {}", shown.body);
        assert_eq!(shared.alice.room_state(room).await, before, "{kind} has changed the state");
    }
    goes_on(&shared).await;
}

#[tokio::test]
async fn a_room_that_is_called_by_its_beginning_has_no_other() {
    let shared = Shared::start().await;
    let before = shared.alice.room_state(&shared.room).await;
    let content = json!({"room_version": "12"});
    let (_, model) = shared
        .peer
        .draft(&shared.server, &shared.room, &shared.bob, "m.room.create", Some(""), content)
        .await;
    for (number, field) in ["none", "room_id", "prev_events", "auth_events"].into_iter().enumerate() {
        let mut event = model.clone();
        event.as_object_mut().unwrap().remove("signatures");
        match field {
            "none" => {}
            "room_id" => drop(event.as_object_mut().unwrap().remove(field)),
            _ => event[field] = json!([]),
        }
        let (event_id, event) = shared.peer.event(event);
        send(&shared, &number.to_string(), &[event]).await;
        shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    }
    assert_eq!(shared.alice.room_state(&shared.room).await, before);
    goes_on(&shared).await;
}

#[tokio::test]
async fn a_rejected_event_authorises_nothing() {
    // A forbidden change of the power levels, and an event that claims to be authorised by it.
    let shared = Shared::start().await;
    let (peer, server, room) = (&shared.peer, &shared.server, &shared.room);
    let levels = json!({"users": {&shared.bob: 100}});
    let (bad_id, bad) = peer.draft(server, room, &shared.bob, "m.room.power_levels", Some(""), levels).await;
    let content = json!({"topic": "mine"});
    let (_, mut topic) = peer.draft(server, room, &shared.bob, "m.room.topic", Some(""), content).await;
    topic["prev_events"] = json!([bad_id]);
    let before = shared.alice.room_state(room).await;
    let good = &before[&("m.room.power_levels".to_owned(), String::new())];
    let (topic_id, topic) = authorised_by(peer, topic, good, &bad_id);
    send(&shared, "both", &[bad.clone(), topic.clone()]).await;
    send(&shared, "again", &[topic, bad]).await;
    goes_on(&shared).await;
    assert_eq!(shared.alice.room_state(room).await, before);
    shared.alice.event(room, &topic_id).await.refused(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn a_huge_depth_does_not_stop_a_room() {
    let shared = Shared::start().await;
    let (_, mut event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "deep").await;
    event["depth"] = json!((1_u64 << 53) - 1);
    event.as_object_mut().unwrap().remove("signatures");
    let (event_id, event) = shared.peer.event(event);
    send(&shared, "deep", &[event]).await;
    shared.alice.sees(&shared.room, &event_id).await;
    goes_on(&shared).await;
    let seen = shared.alice.texts(&shared.room).await;
    assert!(seen.contains(&"so am I".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn keys_that_are_over_sign_no_new_events() {
    let shared = Shared::start().await;
    let (_, model) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "too late").await;
    // The message says that it was made long after the end of every key of the server.
    let mut event = model;
    event["origin_server_ts"] = json!(now_ms() + 400 * 24 * 60 * 60 * 1000);
    event.as_object_mut().unwrap().remove("signatures");
    let (event_id, event) = shared.peer.event(event);
    send(&shared, "late", &[event]).await;
    shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    goes_on(&shared).await;
}

#[tokio::test]
async fn of_two_fields_with_one_name_none_counts() {
    let shared = Shared::start().await;
    let (event_id, event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "twofold").await;
    let (good_id, good) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "good").await;
    let twofold = |field: &str| event.to_string().replacen('{', &format!("{{{field},"), 1);
    for (number, field) in
        ["\"type\":\"m.room.topic\"", "\"content\":{}", "\"depth\":1"].into_iter().enumerate()
    {
        let text = format!("{{\"origin\":\"x\",\"origin_server_ts\":1,\"pdus\":[{}]}}", twofold(field));
        let path = format!("/_matrix/federation/v1/send/{number}");
        let read = serde_json::from_str(&text).unwrap();
        shared.peer.ask_text(&shared.server, "PUT", &path, &text, &read).await.is_sound();
        shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    }
    send(&shared, "good", &[good]).await;
    shared.alice.sees(&shared.room, &good_id).await;
    assert_eq!(shared.alice.texts(&shared.room).await, ["good"]);
    goes_on(&shared).await;
}

#[tokio::test]
async fn a_transaction_has_bounds() {
    let shared = Shared::start().await;
    let (event_id, event) =
        shared.peer.message(&shared.server, &shared.room, &shared.bob, "one of many").await;
    let many = vec![event; 51];
    let answer = send_raw(&shared, "many", json!({"pdus": many})).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let typing = json!({"edu_type": "m.typing", "content": {}});
    let answer = send_raw(&shared, "many more", json!({"edus": vec![typing; 101]})).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    shared.alice.event(&shared.room, &event_id).await.refused(404, "M_NOT_FOUND");
    for (number, fields) in [
        json!({"pdus": {}}),
        json!({"pdus": "x"}),
        json!({"pdus": [5]}),
        json!({"pdus": [[]], "edus": [7, {}]}),
    ]
    .into_iter()
    .enumerate()
    {
        send_raw(&shared, &format!("odd {number}"), fields).await.is_sound();
    }
    goes_on(&shared).await;
}

async fn send_raw(shared: &Shared, transaction: &str, fields: Value) -> crate::harness::Answer {
    shared.peer.send_with(&shared.server, transaction, fields).await
}

#[tokio::test]
async fn a_transaction_speaks_for_its_sender_alone() {
    let shared = Shared::start().await;
    let (event_id, event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "whose?").await;
    let body = json!({"origin": shared.stranger.name, "origin_server_ts": 1, "pdus": [event]});
    let path = format!("/_matrix/federation/v1/send/{}", encode("forged"));
    let answer = shared.peer.ask(&shared.server, "PUT", &path, Some(body)).await;
    // Refused as a whole, or taken as what the signature says it is; never as the other server's.
    answer.is_sound();
    if answer.status == 200 {
        shared.alice.sees(&shared.room, &event_id).await;
    }
    goes_on(&shared).await;
}

#[tokio::test]
async fn the_same_transaction_has_its_effect_once() {
    let shared = Shared::start().await;
    let (event_id, event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, "once").await;
    let first = send(&shared, "same", std::slice::from_ref(&event)).await;
    let second = send(&shared, "same", std::slice::from_ref(&event)).await;
    assert_eq!(first, second);
    send(&shared, "another", &[event]).await;
    shared.alice.sees(&shared.room, &event_id).await;
    eventually("one message", async || {
        let seen = shared.alice.texts(&shared.room).await;
        if seen == ["once"] { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
}

#[tokio::test]
async fn what_is_said_from_before_a_ban_is_not_shown_and_pages_go_on_past_it() {
    let shared = Shared::start().await;
    let (peer, server, room) = (&shared.peer, &shared.server, &shared.room);
    shared.alice.say(room, "first").await;
    let (_, model) = peer.message(server, room, &shared.bob, "hidden").await;
    let ban = json!({"membership": "ban"});
    shared.alice.set_state(room, "m.room.member", &shared.bob, ban).await.ok();
    let hidden: Vec<(String, Value)> = (0..50)
        .map(|number| {
            let mut event = model.clone();
            event["content"]["body"] = json!(format!("hidden {number}"));
            event.as_object_mut().unwrap().remove("signatures");
            peer.event(event)
        })
        .collect();
    let events: Vec<Value> = hidden.iter().map(|(_, event)| event.clone()).collect();
    send(&shared, "from before", &events).await;
    shared.alice.say(room, "last").await;
    for (event_id, _) in hidden {
        shared.alice.event(room, &event_id).await.refused(404, "M_NOT_FOUND");
    }
    let (mut texts, mut from, mut kinds) = (Vec::new(), String::new(), Vec::new());
    for _ in 0..60 {
        let page = shared.alice.messages(room, &format!("dir=b&limit=3{from}")).await;
        for event in page["chunk"].as_array().unwrap() {
            kinds.push(event["type"].as_str().unwrap().to_owned());
            texts.extend(event["content"]["body"].as_str().map(str::to_owned));
        }
        let Some(end) = page["end"].as_str() else { break };
        from = format!("&from={}", encode(end));
    }
    assert_eq!(texts, ["last", "first"]);
    assert_eq!(kinds.last().map(String::as_str), Some("m.room.create"), "{kinds:?}");
}

#[tokio::test]
async fn a_list_of_many_odd_patterns_does_not_stop_a_room() {
    let shared = Shared::start().await;
    let patterns: Vec<String> = (0..1_500).map(|number| format!("*1*2*7*0*.*.*?{number}*x")).collect();
    let acl = json!({"allow": ["*"], "deny": patterns, "allow_ip_literals": true});
    shared.alice.set_state(&shared.room, "m.room.server_acl", "", acl).await.ok();
    for number in 0..20 {
        let text = format!("message {number}");
        let (event_id, event) = shared.peer.message(&shared.server, &shared.room, &shared.bob, &text).await;
        send(&shared, &text, &[event]).await;
        shared.alice.sees(&shared.room, &event_id).await;
    }
    goes_on(&shared).await;
}
