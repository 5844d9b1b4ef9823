//! Members: lazy loading, heroes, and whose devices to ask for.

use std::collections::BTreeSet;

use kith_rooms::create::Preset;
use serde_json::{Value, json};

use super::world::{World, fields};

fn lazy(redundant: bool, limit: u64) -> Value {
    json!({"room": {
        "state": {"lazy_load_members": true, "include_redundant_members": redundant},
        "timeline": {"limit": limit},
    }})
}

fn members(room: &Value) -> BTreeSet<String> {
    let events = room["state"]["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let members = events.iter().filter(|event| event["type"] == "m.room.member");
    members.filter_map(|event| event["state_key"].as_str()).map(str::to_owned).collect()
}

#[test]
fn members_come_with_what_they_write_and_only_once() {
    let world = World::new();
    let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(|name| world.user(name));
    let room_id = world.room_with(&alice, Preset::PublicChat, &[("m.room.name", json!({"name": "N"}))]);
    for user in [&bob, &carol, &dave] {
        world.join(user, &room_id);
    }
    world.say(&bob, &room_id, "hello");
    let names = |users: &[&kith_accounts::Requester]| -> BTreeSet<String> {
        users.iter().map(|user| user.user_id.to_string()).collect()
    };
    let room = |answer: &Value| answer["rooms"]["join"][room_id.as_str()].clone();

    let start = world.sync_from_start(&alice, &lazy(false, 2));
    assert_eq!(members(&room(&start)), names(&[&alice, &bob]), "the user and who wrote");

    world.say(&bob, &room_id, "again");
    world.say(&carol, &room_id, "me too");
    let next = world.sync_after(&alice, &start, &lazy(false, 2));
    assert_eq!(members(&room(&next)), names(&[&carol]), "bob is known");
    let again = world.sync_after(&alice, &start, &lazy(false, 5));
    assert_eq!(members(&room(&again)), names(&[&bob, &carol]), "another filter is another connection");
    let again = world.sync_after(&alice, &start, &lazy(false, 2));
    assert_eq!(members(&room(&again)), names(&[&carol]));
    let redundant = world.sync_after(&alice, &start, &lazy(true, 5));
    assert_eq!(members(&room(&redundant)), names(&[&bob, &carol]));

    // A client that starts over knows nothing.
    let over = world.sync_from_start(&alice, &lazy(false, 2));
    assert_eq!(members(&room(&over)), names(&[&alice, &bob, &carol]));

    // What happened to members in a gap is told, known or not.
    let name = json!({"membership": "join", "displayname": "Dave"});
    world.set(&dave, &room_id, "m.room.member", dave.user_id.as_str(), &name).expect("sets");
    world.say(&carol, &room_id, "one");
    world.say(&carol, &room_id, "two");
    let gap = world.sync_after(&alice, &over, &lazy(false, 2));
    assert_eq!(members(&room(&gap)), names(&[&dave]), "{gap}");

    // Without lazy loading everybody is there.
    assert_eq!(
        members(&room(&world.sync_from_start(&alice, &json!({"room": {"timeline": {"limit": 1}}})))).len(),
        4
    );
}

#[test]
fn a_room_without_a_name_is_named_after_its_heroes() {
    let world = World::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| world.user(name));
    let room_id = world.room(&alice, Preset::PrivateChat);
    world.rooms.invite(&alice, &room_id, &bob.user_id, None).expect("invites");
    let start = world.sync_from_start(&alice, &lazy(false, 0));
    let room = &start["rooms"]["join"][room_id.as_str()];
    let expected = json!({
        "m.heroes": [bob.user_id],
        "m.joined_member_count": 1,
        "m.invited_member_count": 1,
    });
    assert_eq!(room["summary"], expected);
    assert!(members(room).contains(bob.user_id.as_str()), "the heroes' member events come along: {room}");

    world.say(&alice, &room_id, "hello?");
    let next = world.sync_after(&alice, &start, &lazy(false, 0));
    assert_eq!(next["rooms"]["join"][room_id.as_str()]["summary"], json!({}), "nothing new about members");

    world.rooms.invite(&alice, &room_id, &carol.user_id, None).expect("invites");
    let next = world.sync_after(&alice, &next, &lazy(false, 0));
    let summary = &next["rooms"]["join"][room_id.as_str()]["summary"];
    assert_eq!(summary["m.heroes"], json!([bob.user_id, carol.user_id]));
    assert_eq!(summary["m.invited_member_count"], 2);
    world.set(&alice, &room_id, "m.room.name", "", &json!({"name": "N"})).expect("sets");
    let named = world.sync_after(&alice, &next, &json!({}));
    let summary = &named["rooms"]["join"][room_id.as_str()]["summary"];
    assert!(summary["m.heroes"].is_null() && summary["m.joined_member_count"] == 1, "{summary}");
}

#[test]
fn whoever_comes_into_sight_has_devices_to_ask_for() {
    let world = World::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| world.user(name));
    let encrypted = [("m.room.encryption", json!({"algorithm": "m.megolm.v1.aes-sha2"}))];
    let room_id = world.room_with(&alice, Preset::PublicChat, &encrypted);
    let start = world.sync_from_start(&alice, &json!({}));
    world.join(&bob, &room_id);
    let met = world.sync_after(&alice, &start, &json!({}));
    assert_eq!(met["device_lists"], json!({"changed": [bob.user_id]}), "{met}");
    let bobs_start = world.sync_from_start(&bob, &json!({}));

    let mut txn = world.store.begin();
    kith_store::tables::devices::mark_list_changed(&mut txn, world.store.engine(), bob.user).expect("marks");
    world.store.commit_durably(txn).expect("commits");
    let changed = world.sync_after(&alice, &met, &json!({}));
    assert_eq!(changed["device_lists"], json!({"changed": [bob.user_id]}));
    assert!(
        world.sync_after(&carol, &met, &json!({}))["device_lists"].is_null(),
        "carol shares nothing with bob"
    );

    world.rooms.leave(&bob, &room_id, None).expect("leaves");
    let parted = world.sync_after(&alice, &changed, &json!({}));
    assert_eq!(parted["device_lists"], json!({"left": [bob.user_id]}));
    let parted = world.sync_after(&bob, &bobs_start, &json!({}));
    assert_eq!(parted["device_lists"]["left"], json!([alice.user_id]), "{parted}");
    assert_eq!(fields(&parted["rooms"]["leave"][room_id.as_str()]["timeline"], "type"), ["m.room.member"]);
}

#[test]
fn rooms_without_encryption_count_as_long_as_there_is_one_together() {
    let world = World::new();
    let [alice, bob] = ["alice", "bob"].map(|name| world.user(name));
    let encrypted = [("m.room.encryption", json!({"algorithm": "m.megolm.v1.aes-sha2"}))];
    let plain = [(); 2].map(|()| world.room(&alice, Preset::PublicChat));
    let start = world.sync_from_start(&alice, &json!({}));
    plain.iter().for_each(|room| world.join(&bob, room));
    let met = world.sync_after(&alice, &start, &json!({}));
    assert_eq!(met["device_lists"], json!({"changed": [bob.user_id]}), "{met}");

    // One plain room is left together.
    world.rooms.leave(&bob, &plain[0], None).expect("leaves");
    let parted = world.sync_after(&alice, &met, &json!({}));
    assert!(parted["device_lists"].is_null(), "{parted}");

    // Of an encrypted room only another encrypted one makes up.
    let secret = world.room_with(&alice, Preset::PublicChat, &encrypted);
    world.join(&bob, &secret);
    let met = world.sync_after(&alice, &parted, &json!({}));
    assert!(list_of(&met, "changed").contains(&json!(bob.user_id)), "{met}");
    world.rooms.leave(&bob, &secret, None).expect("leaves");
    let parted = world.sync_after(&alice, &met, &json!({}));
    assert_eq!(parted["device_lists"], json!({"left": [bob.user_id]}));

    world.rooms.leave(&bob, &plain[1], None).expect("leaves");
    let parted = world.sync_after(&alice, &parted, &json!({}));
    assert_eq!(parted["device_lists"], json!({"left": [bob.user_id]}));
}

fn list_of(answer: &serde_json::Value, list: &str) -> Vec<serde_json::Value> {
    answer["device_lists"][list].as_array().cloned().unwrap_or_default()
}
