//! Sliding sync: windows, what changed, lost answers, restarts.

use kith_accounts::Requester;
use kith_rooms::create::Preset;
use kith_store::tables::receipts::{MAIN_THREAD, ReceiptKind};
use serde_json::{Value, json};

use super::world::World;
use crate::{SlidingAsked, SlidingError};

/// One answer at once, as the client gets it.
fn answer(world: &World, who: &Requester, pos: Option<&Value>, body: &Value) -> Result<Value, SlidingError> {
    let asked = SlidingAsked {
        pos: pos.map(|pos| pos.as_str().expect("a token").to_owned()),
        body: serde_json::from_value(body.clone()).expect("a request"),
        ..SlidingAsked::default()
    };
    let (response, _) = world.sync.sliding_answer(who, &asked)?;
    Ok(serde_json::to_value(&response).expect("JSON"))
}

fn first(world: &World, who: &Requester, body: &Value) -> Value {
    answer(world, who, None, body).expect("answers")
}

fn next(world: &World, who: &Requester, before: &Value, body: &Value) -> Value {
    answer(world, who, Some(&before["pos"]), body).expect("answers")
}

fn window(last: u64, limit: u64, state: &Value) -> Value {
    json!({"lists": {"all": {"ranges": [[0, last]], "timeline_limit": limit, "required_state": state}}})
}

fn texts(room: &Value) -> Vec<&str> {
    let events = room["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}

fn kinds(room: &Value) -> Vec<String> {
    let events = room["required_state"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kind = |event: &Value| {
        format!(
            "{} {}",
            event["type"].as_str().unwrap_or_default(),
            event["state_key"].as_str().unwrap_or_default()
        )
    };
    let mut kinds: Vec<String> = events.iter().map(kind).collect();
    kinds.sort();
    kinds
}

fn rooms(answer: &Value) -> Vec<&str> {
    answer["rooms"].as_object().map(|rooms| rooms.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn a_window_shows_the_most_active_rooms_and_then_only_what_changes() {
    let world = World::new();
    let alice = world.user("alice");
    let (old, new) = (world.room(&alice, Preset::PublicChat), world.room(&alice, Preset::PublicChat));
    for text in ["1", "2", "3"] {
        world.say(&alice, &new, text);
    }
    let body = window(0, 2, &json!([["m.room.create", ""], ["m.room.member", "$LAZY"]]));
    let start = first(&world, &alice, &body);
    assert_eq!(start["lists"]["all"]["count"], 2);
    assert_eq!(rooms(&start), [new.as_str()]);
    let room = &start["rooms"][new.as_str()];
    assert_eq!(
        (texts(room), &room["limited"], &room["initial"]),
        (vec!["2", "3"], &json!(true), &json!(true))
    );
    assert_eq!(kinds(room), ["m.room.create ", "m.room.member @alice:a.example"]);
    assert_eq!((&room["joined_count"], &room["num_live"]), (&json!(1), &json!(0)));
    assert_eq!((&room["notification_count"], &room["highlight_count"]), (&json!(3), &json!(1)));

    let quiet = next(&world, &alice, &start, &body);
    assert_eq!((rooms(&quiet).len(), &quiet["pos"]), (0, &start["pos"]), "nothing happened");

    world.say(&alice, &new, "4");
    let after = next(&world, &alice, &quiet, &body);
    let room = &after["rooms"][new.as_str()];
    assert_eq!((texts(room), &room["limited"], &room["num_live"]), (vec!["4"], &json!(false), &json!(1)));
    assert_eq!((kinds(room).len(), room.get("initial")), (0, None));

    // The other room moves to the top and into the window; the first has news that wait until it comes back.
    world.say(&alice, &new, "5");
    world.say(&alice, &old, "hello");
    let swapped = next(&world, &alice, &after, &body);
    assert_eq!(rooms(&swapped), [old.as_str()]);
    assert_eq!(swapped["rooms"][old.as_str()]["initial"], true);
    world.say(&alice, &new, "6");
    let back = next(&world, &alice, &swapped, &body);
    assert_eq!(texts(&back["rooms"][new.as_str()]), ["5", "6"]);
}

#[test]
fn an_answer_that_got_lost_is_given_again_even_after_a_restart() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.room(&alice, Preset::PublicChat);
    let body = window(9, 5, &json!([]));
    let start = first(&world, &alice, &body);
    world.say(&alice, &room, "1");
    let lost = next(&world, &alice, &start, &body);
    let again = next(&world, &alice, &start, &body);
    assert_eq!(texts(&lost["rooms"][room.as_str()]), ["1"]);
    assert_eq!(texts(&again["rooms"][room.as_str()]), ["1"]);

    let world = world.restarted();
    let quiet = next(&world, &alice, &again, &body);
    assert_eq!(rooms(&quiet).len(), 0);
    world.say(&alice, &room, "2");
    let after = next(&world, &alice, &quiet, &body);
    assert_eq!(texts(&after["rooms"][room.as_str()]), ["2"]);
    let stale = answer(&world, &alice, Some(&start["pos"]), &body);
    assert!(matches!(stale, Err(SlidingError::UnknownPos)));
    let foreign = answer(&world, &alice, Some(&json!("l1_ffff_1")), &body);
    assert!(matches!(foreign, Err(SlidingError::UnknownPos)));
}

#[test]
fn connections_of_a_device_are_apart() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.room(&alice, Preset::PublicChat);
    let (mut list, mut other) = (window(9, 5, &json!([])), window(9, 5, &json!([])));
    (list["conn_id"], other["conn_id"]) = (json!("room-list"), json!("encryption"));
    let start = first(&world, &alice, &list);
    let start_of_other = first(&world, &alice, &other);
    world.say(&alice, &room, "1");
    for (body, before) in [(&list, &start), (&other, &start_of_other)] {
        let after = next(&world, &alice, before, body);
        assert_eq!(texts(&after["rooms"][room.as_str()]), ["1"]);
    }
}

#[test]
fn who_wants_more_of_a_room_gets_more_of_it() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.room_with(&alice, Preset::PublicChat, &[("m.room.topic", json!({"topic": "tea"}))]);
    for text in ["1", "2", "3"] {
        world.say(&alice, &room, text);
    }
    let body = window(9, 1, &json!([["m.room.create", ""]]));
    let start = first(&world, &alice, &body);
    assert_eq!(texts(&start["rooms"][room.as_str()]), ["3"]);
    let mut more = body.clone();
    more["room_subscriptions"] =
        json!({room.as_str(): {"timeline_limit": 3, "required_state": [["m.room.topic", ""]]}});
    let expanded = next(&world, &alice, &start, &more);
    let told = &expanded["rooms"][room.as_str()];
    assert_eq!((texts(told), kinds(told)), (vec!["1", "2", "3"], vec!["m.room.topic ".to_owned()]));
    assert_eq!((&told["unstable_expanded_timeline"], told.get("initial")), (&json!(true), None));
    let quiet = next(&world, &alice, &expanded, &more);
    assert_eq!(rooms(&quiet).len(), 0);
}

#[test]
fn invites_and_departures_are_shown() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.room_with(&alice, Preset::PrivateChat, &[("m.room.name", json!({"name": "Den"}))]);
    let body = window(9, 5, &json!([["m.room.member", "$ME"]]));
    let start = first(&world, &bob, &body);
    assert_eq!(start["lists"]["all"]["count"], 0);
    world.rooms.invite(&alice, &room, &bob.user_id, None).expect("invites");
    let invited = next(&world, &bob, &start, &body);
    let told = &invited["rooms"][room.as_str()];
    assert_eq!((&told["name"], &told["initial"]), (&json!("Den"), &json!(true)));
    assert!(told["invite_state"].as_array().is_some_and(|state| !state.is_empty()));
    world.join(&bob, &room);
    let joined = next(&world, &bob, &invited, &body);
    let told = &joined["rooms"][room.as_str()];
    assert_eq!((&told["initial"], told.get("invite_state")), (&json!(true), None));
    world.say(&alice, &room, "hello");
    world.rooms.leave(&bob, &room, None).expect("leaves");
    world.say(&alice, &room, "he is gone");
    let left = next(&world, &bob, &joined, &body);
    let told = &left["rooms"][room.as_str()];
    assert_eq!(texts(told), ["hello"]);
    assert_eq!(told["required_state"][0]["content"]["membership"], "leave");
    let gone = next(&world, &bob, &left, &body);
    assert_eq!((rooms(&gone).len(), &gone["lists"]["all"]["count"]), (0, &json!(0)));
}

#[test]
fn filters_choose_rooms() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let plain = world.room_with(&alice, Preset::PublicChat, &[("m.room.name", json!({"name": "Tea Club"}))]);
    let secret = world.room_with(
        &alice,
        Preset::PrivateChat,
        &[("m.room.encryption", json!({"algorithm": "m.megolm.v1.aes-sha2"}))],
    );
    let invited = world.room(&bob, Preset::PrivateChat);
    world.rooms.invite(&bob, &invited, &alice.user_id, None).expect("invites");
    world.account_data(&alice, None, "m.direct", &json!({"@bob:a.example": [secret.as_str()]}));
    world.account_data(&alice, Some(&plain), "m.tag", &json!({"tags": {"m.favourite": {}}}));
    let check = |filters: Value, expected: &[&str]| {
        let mut body = window(9, 1, &json!([]));
        body["lists"]["all"]["filters"] = filters.clone();
        let found = first(&world, &alice, &body);
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(rooms(&found), expected, "{filters}");
    };
    check(json!({"is_dm": true}), &[secret.as_str()]);
    check(json!({"is_dm": false, "is_invite": false}), &[plain.as_str()]);
    check(json!({"is_encrypted": true}), &[secret.as_str()]);
    check(json!({"is_invite": true}), &[invited.as_str()]);
    check(json!({"tags": ["m.favourite"]}), &[plain.as_str()]);
    check(json!({"not_tags": ["m.favourite"], "is_invite": false}), &[secret.as_str()]);
    check(json!({"room_name_like": "tEa"}), &[plain.as_str()]);
    check(json!({"room_types": ["m.space"]}), &[]);
    check(json!({"not_room_types": [null]}), &[]);
}

#[test]
fn extensions_tell_what_is_new_of_the_rooms_shown() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.room(&alice, Preset::PublicChat);
    world.join(&bob, &room);
    let said = world.say(&alice, &room, "1");
    let mut body = window(9, 1, &json!([]));
    let on = json!({"enabled": true});
    body["extensions"] = json!({"account_data": on, "receipts": on, "typing": on, "e2ee": on});
    world.account_data(&alice, None, "org.example.a", &json!({"n": 1}));
    world.account_data(&alice, Some(&room), "org.example.b", &json!({"n": 1}));
    let start = first(&world, &alice, &body);
    let data = &start["extensions"]["account_data"];
    let global: Vec<_> =
        data["global"].as_array().expect("a list").iter().map(|data| &data["type"]).collect();
    assert!(global.contains(&&json!("org.example.a")) && global.contains(&&json!("m.push_rules")));
    assert_eq!(data["rooms"][room.as_str()][0]["type"], "org.example.b");

    world.receipt(&bob, &room, &said, ReceiptKind::Public, MAIN_THREAD);
    let read = next(&world, &alice, &start, &body);
    let receipts = &read["extensions"]["receipts"]["rooms"][room.as_str()];
    assert!(receipts["content"][said.as_str()]["m.read"]["@bob:a.example"].is_object(), "{read}");
    assert!(read["extensions"]["account_data"].get("rooms").is_none());
    let quiet = next(&world, &alice, &read, &body);
    assert!(quiet["extensions"]["receipts"]["rooms"].as_object().is_some_and(serde_json::Map::is_empty));
}

/// The numbers of the messages to the device in an answer.
fn messages(answer: &Value) -> Vec<u64> {
    let events = answer["extensions"]["to_device"]["events"].as_array();
    events.into_iter().flatten().filter_map(|event| event["n"].as_u64()).collect()
}

#[test]
fn messages_to_the_device_come_in_parts_from_where_the_client_says() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    (1..=3).for_each(|number| world.to_device(&alice, &json!({"n": number})));
    world.to_device(&bob, &json!({"n": 9}));
    let after =
        |since: &Value| json!({"extensions": {"to_device": {"enabled": true, "limit": 2, "since": since}}});
    let start = first(&world, &alice, &after(&Value::Null));
    assert_eq!(messages(&start), [1, 2]);
    // Arriving is one thing, being acknowledged another: `pos` says nothing about messages.
    let again = next(&world, &alice, &start, &after(&Value::Null));
    assert_eq!(messages(&again), [1, 2]);
    assert_ne!(again["pos"], start["pos"], "messages are news");
    let rest = next(&world, &alice, &again, &after(&start["extensions"]["to_device"]["next_batch"]));
    assert_eq!(messages(&rest), [3]);
    let since = &rest["extensions"]["to_device"]["next_batch"];
    let quiet = next(&world, &alice, &rest, &after(since));
    assert_eq!((messages(&quiet).len(), &quiet["pos"]), (0, &rest["pos"]), "nothing happened");
    assert!(quiet["extensions"]["to_device"]["next_batch"].is_string());
    // Another connection of the device goes by the same tokens.
    assert_eq!(messages(&first(&world, &alice, &after(since))), [0_u64; 0]);
    let off = json!({"extensions": {"to_device": {"since": since}}});
    assert!(first(&world, &alice, &off)["extensions"].get("to_device").is_none());
    let nonsense = answer(&world, &alice, None, &after(&json!("nonsense")));
    assert!(matches!(nonsense, Err(SlidingError::UnknownToken)));
}

#[test]
fn how_many_keys_are_left_is_told_each_time() {
    let world = World::new();
    let alice = world.user("alice");
    let body = json!({"extensions": {"e2ee": {"enabled": true}}});
    let start = first(&world, &alice, &body);
    let none = json!({"signed_curve25519": 0});
    assert_eq!(start["extensions"]["e2ee"]["device_one_time_keys_count"], none);
    assert_eq!(start["extensions"]["e2ee"]["device_unused_fallback_key_types"], json!([]));
    let quiet = next(&world, &alice, &start, &body);
    assert_eq!(quiet["extensions"]["e2ee"]["device_one_time_keys_count"], none);
    assert_eq!(quiet["pos"], start["pos"], "the counts alone are no news");
}

#[test]
fn whoever_asks_for_too_much_is_told_so() {
    let world = World::new();
    let alice = world.user("alice");
    let lists: serde_json::Map<String, Value> =
        (0..101).map(|number| (number.to_string(), json!({"ranges": [[0, 1]]}))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let asked = SlidingAsked {
        body: serde_json::from_value(json!({"lists": lists})).expect("a request"),
        ..SlidingAsked::default()
    };
    let refused = runtime.block_on(world.sync.sliding_sync(&alice, asked));
    assert!(matches!(refused, Err(SlidingError::Excess(_))));
}
