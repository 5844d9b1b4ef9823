//! Timelines, the state beside them, filters, account data.

use kith_rooms::create::Preset;
use serde_json::{Value, json};

use super::{
    client::history_before,
    world::{World, fields, texts},
};
use crate::{StateAfter, SyncRequest};

fn limit(limit: u64) -> Value {
    json!({"room": {"timeline": {"limit": limit}}})
}

#[test]
fn a_limited_timeline_says_where_the_rest_is() {
    let world = World::new();
    let alice = world.user("alice");
    let room_id = world.room(&alice, Preset::PrivateChat);
    let start = world.sync_from_start(&alice, &limit(1));
    for text in ["one", "two", "three"] {
        world.say(&alice, &room_id, text);
    }
    let answer = world.sync_after(&alice, &start, &limit(2));
    let room = &answer["rooms"]["join"][room_id.as_str()];
    assert_eq!(texts(room), ["two", "three"]);
    assert_eq!(room["timeline"]["limited"], true);
    let prev_batch = room["timeline"]["prev_batch"].as_str();
    let before = history_before(&world, &alice, &room_id, prev_batch);
    let all = history_before(&world, &alice, &room_id, None);
    assert_eq!(before.len(), all.len() - 2);
    assert_eq!(before, all[..before.len()]);

    // Just as many as the limit is not limited.
    let whole = world.sync_after(&alice, &start, &limit(3));
    let room = &whole["rooms"]["join"][room_id.as_str()];
    assert_eq!(texts(room), ["one", "two", "three"]);
    assert_eq!(room["timeline"]["limited"], false);

    let nothing = world.sync_after(&alice, &whole, &limit(3));
    assert!(nothing["rooms"].is_null(), "{nothing}");
}

#[test]
fn state_is_what_the_timeline_does_not_tell() {
    let world = World::new();
    let alice = world.user("alice");
    let room_id = world.room(&alice, Preset::PrivateChat);
    let start = world.sync_from_start(&alice, &json!({}));
    let topic =
        |text: &str| world.set(&alice, &room_id, "m.room.topic", "", &json!({"topic": text})).expect("sets");
    let (first, second) = (topic("first"), topic("second"));
    let name = world.set(&alice, &room_id, "m.room.name", "", &json!({"name": "N"})).expect("sets");
    let third = topic("third");
    let ask = |limit: u64, state_after| {
        let since = start["next_batch"].as_str().map(str::to_owned);
        let filter = Some(json!({"room": {"timeline": {"limit": limit}}}).to_string());
        let answer =
            world.sync(&alice, &SyncRequest { filter, since, state_after, ..SyncRequest::default() });
        answer["rooms"]["join"][room_id.as_str()].clone()
    };
    // The timeline is everything: nothing is left to tell.
    let room = ask(10, StateAfter::No);
    assert_eq!(fields(&room["timeline"], "event_id"), [&first, &second, &name, &third].map(|id| id.as_str()));
    assert!(fields(&room["state"], "event_id").is_empty());
    // Before the last event, the topic was the second one.
    let room = ask(1, StateAfter::No);
    let mut state = fields(&room["state"], "event_id");
    state.sort_unstable();
    let mut expected = [second.as_str(), name.as_str()];
    expected.sort_unstable();
    assert_eq!(state, expected);
    // At the end it is the third.
    for (state_after, field) in
        [(StateAfter::Stable, "state_after"), (StateAfter::Unstable, "org.matrix.msc4222.state_after")]
    {
        let room = ask(1, state_after);
        assert!(room["state"].is_null());
        let mut state = fields(&room[field], "event_id");
        state.sort_unstable();
        let mut expected = [third.as_str(), name.as_str()];
        expected.sort_unstable();
        assert_eq!(state, expected);
    }
    // Everything, once more.
    let since = start["next_batch"].as_str().map(str::to_owned);
    let full = world.sync(&alice, &SyncRequest { since, full_state: true, ..SyncRequest::default() });
    let room = &full["rooms"]["join"][room_id.as_str()];
    assert!(fields(&room["state"], "type").contains(&"m.room.create"));
    assert_eq!(fields(&room["timeline"], "event_id").len(), 4);
}

#[test]
fn filters_choose_events_and_their_form() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room_id = world.room(&alice, Preset::PublicChat);
    world.join(&bob, &room_id);
    let start = world.sync_from_start(&alice, &json!({}));
    world.say(&alice, &room_id, "mine");
    world.say(&bob, &room_id, "his");
    world.send(&bob, &room_id, "x.picture", &json!({"url": "mxc://x/y"})).expect("sends");
    world.set(&alice, &room_id, "m.room.topic", "", &json!({"topic": "t"})).expect("sets");
    let check = |filter: Value, expected: &[&str]| {
        let answer = world.sync_after(&alice, &start, &filter);
        let room = &answer["rooms"]["join"][room_id.as_str()];
        assert_eq!(fields(&room["timeline"], "type"), expected, "{filter}");
    };
    let all = ["m.room.message", "m.room.message", "x.picture", "m.room.topic"];
    check(json!({}), &all);
    check(json!({"room": {"timeline": {"types": ["m.room.message"]}}}), &all[..2]);
    check(json!({"room": {"timeline": {"not_types": ["m.*"]}}}), &all[2..3]);
    check(json!({"room": {"timeline": {"senders": [bob.user_id]}}}), &all[1..3]);
    check(json!({"room": {"timeline": {"contains_url": true}}}), &all[2..3]);
    check(json!({"room": {"timeline": {"not_rooms": [room_id]}}}), &[]);
    check(json!({"room": {"rooms": []}}), &[]);
    check(json!({"room": {"not_rooms": [room_id]}}), &[]);

    // A state event that the timeline's filter keeps back is told as state.
    let filter = json!({"room": {"timeline": {"types": ["m.room.message"]}}});
    let room = world.sync_after(&alice, &start, &filter)["rooms"]["join"][room_id.as_str()].clone();
    assert_eq!(fields(&room["state"], "type"), ["m.room.topic"]);
    let filter = json!({"room": {"state": {"types": []}, "timeline": {"types": ["m.room.message"]}}});
    let room = world.sync_after(&alice, &start, &filter)["rooms"]["join"][room_id.as_str()].clone();
    assert!(fields(&room["state"], "type").is_empty());

    let filter = json!({"event_fields": ["type", "content.body"]});
    let room = world.sync_after(&alice, &start, &filter)["rooms"]["join"][room_id.as_str()].clone();
    let expected = json!({"type": "m.room.message", "content": {"body": "mine"}});
    assert_eq!(room["timeline"]["events"][0], expected);
    let filter = json!({"event_format": "federation"});
    let room = world.sync_after(&alice, &start, &filter)["rooms"]["join"][room_id.as_str()].clone();
    assert!(room["timeline"]["events"][0]["prev_events"].is_array());
}

#[test]
fn account_data_has_filters_of_its_own_and_push_rules_by_default() {
    let world = World::new();
    let alice = world.user("alice");
    let room_id = world.room(&alice, Preset::PrivateChat);
    let start = world.sync_from_start(&alice, &json!({}));
    assert_eq!(fields(&start["account_data"], "type"), ["m.push_rules"]);
    world.account_data(&alice, None, "x.one", &json!({"a": 1}));
    world.account_data(&alice, Some(&room_id), "x.two", &json!({"a": 2}));
    let answer = world.sync_after(&alice, &start, &json!({}));
    assert_eq!(answer["account_data"]["events"], json!([{"type": "x.one", "content": {"a": 1}}]));
    let room = &answer["rooms"]["join"][room_id.as_str()];
    assert_eq!(room["account_data"]["events"], json!([{"type": "x.two", "content": {"a": 2}}]));
    let filter = json!({"account_data": {"not_types": ["x.*"]}, "room": {"account_data": {"types": []}}});
    let answer = world.sync_after(&alice, &start, &filter);
    assert!(answer["account_data"].is_null() && answer["rooms"].is_null(), "{answer}");
}

#[test]
fn a_stored_filter_is_found_by_its_id() {
    let world = World::new();
    let alice = world.user("alice");
    world.room(&alice, Preset::PrivateChat);
    let mut txn = world.store.begin();
    let key = (alice.user, "7".to_owned());
    let json = r#"{"room":{"rooms":[]}}"#.to_owned();
    kith_store::tables::filters::FILTERS.put(&mut txn.batch, &key, &json);
    world.store.commit_durably(txn).expect("commits");
    let by_id = |id: &str| SyncRequest { filter: Some(id.to_owned()), ..SyncRequest::default() };
    assert!(world.sync(&alice, &by_id("7"))["rooms"].is_null());
    let result = world.sync.answer_now(&alice, &by_id("8"), None);
    assert!(matches!(result, Err(crate::SyncError::NoSuchFilter)));
    let result = world.sync.answer_now(&alice, &by_id("{"), None);
    assert!(matches!(result, Err(crate::SyncError::BadFilter(_))));
}
