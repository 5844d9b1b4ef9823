//! Invited, knocked, joined, left, forgotten: what a room is told as.

use kith_rooms::{create::Preset, membership::Joining};
use serde_json::{Value, json};

use super::world::{World, fields, texts};

#[test]
fn an_invite_shows_stripped_state_until_it_is_answered() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room_id = world.room(&alice, Preset::PrivateChat);
    let start = world.sync_from_start(&bob, &json!({}));
    world.rooms.invite(&alice, &room_id, &bob.user_id, None).expect("invites");
    for answer in [world.sync_after(&bob, &start, &json!({})), world.sync_from_start(&bob, &json!({}))] {
        let state = &answer["rooms"]["invite"][room_id.as_str()]["invite_state"];
        assert!(fields(state, "type").contains(&"m.room.create"), "{answer}");
        assert!(fields(state, "state_key").contains(&bob.user_id.as_str()));
        assert!(answer["rooms"]["join"].is_null());
    }
    let invited = world.sync_from_start(&bob, &json!({}));
    world.rooms.leave(&bob, &room_id, None).expect("declines");
    let declined = world.sync_after(&bob, &invited, &json!({}));
    let room = &declined["rooms"]["leave"][room_id.as_str()];
    assert_eq!(fields(&room["timeline"], "type"), ["m.room.member"]);
    assert!(fields(&room["state"], "type").is_empty(), "who was never in the room may not see its state");
    let later = world.sync_from_start(&bob, &json!({"room": {"include_leave": true}}));
    assert!(later["rooms"].is_null(), "he was never in it: {later}");
}

#[test]
fn ignored_users_are_not_heard() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let shared = world.room(&alice, Preset::PublicChat);
    world.join(&bob, &shared);
    let other = world.room(&alice, Preset::PrivateChat);
    let list = json!({"ignored_users": {alice.user_id.as_str(): {}}});
    world.account_data(&bob, None, "m.ignored_user_list", &list);
    let start = world.sync_from_start(&bob, &json!({}));
    world.rooms.invite(&alice, &other, &bob.user_id, None).expect("invites");
    world.say(&alice, &shared, "psst");
    let answer = world.sync_after(&bob, &start, &json!({}));
    assert!(answer["rooms"].is_null(), "{answer}");
    world.say(&bob, &shared, "quiet here");
    world.set(&alice, &shared, "m.room.topic", "", &json!({"topic": "t"})).expect("sets");
    let answer = world.sync_after(&bob, &start, &json!({}));
    let room = &answer["rooms"]["join"][shared.as_str()];
    assert_eq!(fields(&room["timeline"], "type"), ["m.room.message", "m.room.topic"]);
    assert_eq!(texts(room), ["quiet here"]);
}

#[test]
fn a_knock_shows_what_the_room_lets_be_known() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let state = [("m.room.join_rules", json!({"join_rule": "knock"}))];
    let room_id = world.room_with(&alice, Preset::PrivateChat, &state);
    let start = world.sync_from_start(&bob, &json!({}));
    world.rooms.knock(&bob, &room_id, None).expect("knocks");
    let answer = world.sync_after(&bob, &start, &json!({}));
    let state = &answer["rooms"]["knock"][room_id.as_str()]["knock_state"];
    assert!(fields(state, "type").contains(&"m.room.join_rules"), "{answer}");
    // Letting somebody in who knocked is inviting them.
    world.rooms.invite(&alice, &room_id, &bob.user_id, None).expect("invites");
    let answer = world.sync_after(&bob, &answer, &json!({}));
    assert!(answer["rooms"]["invite"][room_id.as_str()].is_object() && answer["rooms"]["knock"].is_null());
}

#[test]
fn a_room_that_is_joined_comes_whole() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room_id = world.room(&alice, Preset::PublicChat);
    world.say(&alice, &room_id, "before");
    world.account_data(&bob, Some(&room_id), "x.data", &json!({}));
    let start = world.sync_from_start(&bob, &json!({}));
    assert!(start["rooms"].is_null(), "{start}");
    world.join(&bob, &room_id);
    let answer = world.sync_after(&bob, &start, &json!({"room": {"timeline": {"limit": 2}}}));
    let room = &answer["rooms"]["join"][room_id.as_str()];
    assert_eq!(fields(&room["timeline"], "type"), ["m.room.message", "m.room.member"]);
    assert_eq!(room["timeline"]["limited"], true);
    assert!(fields(&room["state"], "type").contains(&"m.room.create"));
    assert_eq!(fields(&room["account_data"], "type"), ["x.data"]);
    assert_eq!(room["summary"]["m.joined_member_count"], 2);
    assert_eq!(room["summary"]["m.heroes"], json!([alice.user_id]));
    assert_eq!(room["unread_notifications"], json!({"notification_count": 3, "highlight_count": 1}));
}

#[test]
fn a_room_that_is_left_ends_there_and_comes_back_whole() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room_id = world.room(&alice, Preset::PublicChat);
    world.join(&bob, &room_id);
    let start = world.sync_from_start(&bob, &json!({}));
    world.say(&alice, &room_id, "bye");
    world.rooms.kick(&alice, &room_id, &bob.user_id, None).expect("kicks");
    world.say(&alice, &room_id, "he is gone");
    world.rooms.ban(&alice, &room_id, &bob.user_id, None).expect("bans");
    world.set(&alice, &room_id, "m.room.topic", "", &json!({"topic": "secret"})).expect("sets");
    let left = world.sync_after(&bob, &start, &json!({}));
    let room = &left["rooms"]["leave"][room_id.as_str()];
    assert_eq!(texts(room), ["bye"], "{left}");
    assert_eq!(fields(&room["timeline"], "type"), ["m.room.message", "m.room.member", "m.room.member"]);
    assert!(!room.to_string().contains("secret"));
    assert!(left["rooms"]["join"].is_null());

    let nothing = world.sync_from_start(&bob, &json!({}));
    assert!(nothing["rooms"].is_null(), "left rooms are told when they are left: {nothing}");
    let with_left =
        world.sync_from_start(&bob, &json!({"room": {"include_leave": true, "timeline": {"limit": 2}}}));
    let room = &with_left["rooms"]["leave"][room_id.as_str()];
    assert!(texts(room).contains(&"bye") && !room.to_string().contains("secret"), "{with_left}");
    assert!(fields(&room["state"], "type").contains(&"m.room.create"));

    world.rooms.unban(&alice, &room_id, &bob.user_id, None).expect("unbans");
    world.rooms.join(&bob, &room_id, Joining::default()).expect("joins");
    let back = world.sync_after(&bob, &left, &json!({"room": {"timeline": {"limit": 2}}}));
    let room = &back["rooms"]["join"][room_id.as_str()];
    assert!(fields(&room["state"], "type").contains(&"m.room.create"), "{back}");

    world.rooms.leave(&bob, &room_id, None).expect("leaves");
    world.rooms.forget(&bob, &room_id).expect("forgets");
    let after = world.sync_after(&bob, &back, &json!({}));
    let room: &Value = &after["rooms"]["leave"][room_id.as_str()];
    assert!(room.is_object(), "the user's other clients must hear that the room is left");
    let forgotten = world.sync_from_start(&bob, &json!({"room": {"include_leave": true}}));
    assert!(forgotten["rooms"].is_null(), "{forgotten}");
}
