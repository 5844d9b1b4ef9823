//! Creating rooms.

use kith_event::RoomVersion;
use serde_json::{Map, Value, json};

use super::{World, initial};
use crate::create::{CreateError, NewRoom, Preset};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[test]
fn every_version_can_be_created_and_spoken_in() {
    for version in RoomVersion::all() {
        let world = World::new();
        let (alice, bob) = (world.user("alice"), world.user("bob"));
        let new = NewRoom {
            version: Some(version.id().to_string()),
            preset: Some(Preset::PublicChat),
            name: Some("Room".to_owned()),
            topic: Some("Talk".to_owned()),
            alias_localpart: Some("room".to_owned()),
            ..NewRoom::default()
        };
        let room = world.create(&alice, new);
        world.join(&bob, &room);
        let event = world.say(&bob, &room, "hello");
        assert_eq!(world.pdu(&event).content_field::<String>("body").as_deref(), Some("hello"));
        assert_eq!(world.state_content(&room, "m.room.name", ""), json!({ "name": "Room" }), "{version:?}");
        assert_eq!(world.state_content(&room, "m.room.canonical_alias", "")["alias"], "#room:a.example");
        assert_eq!(world.state_content(&room, "m.room.join_rules", "")["join_rule"], "public");
        let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
        assert_eq!(world.rooms.joined_rooms(bob.user).expect("reads"), [sid]);
        assert_eq!(world.rooms.local_joined(sid).expect("reads").len(), 2);
        world.assert_sound();
    }
}

#[test]
fn events_come_in_the_order_of_the_specification() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let new = NewRoom {
        alias_localpart: Some("a".to_owned()),
        name: Some("n".to_owned()),
        topic: Some("t".to_owned()),
        invite: vec![bob.user_id.clone(), bob.user_id.clone(), alice.user_id.clone()],
        initial_state: vec![
            initial("m.room.encryption", json!({ "algorithm": "m.megolm.v1.aes-sha2" })),
            initial("m.room.name", json!({ "name": "overwritten" })),
        ],
        is_direct: true,
        ..NewRoom::default()
    };
    let room = world.create(&alice, new);
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    let engine = world.rooms.store.engine();
    let rows = kith_store::tables::rooms::TIMELINE.scan(engine, &sid, kith_store::Direction::Forward);
    let kinds: Vec<String> =
        rows.map(|row| world.rooms.pdu(row.expect("reads").1).expect("reads").kind().to_string()).collect();
    let expected = [
        "create",
        "member",
        "power_levels",
        "canonical_alias",
        "join_rules",
        "history_visibility",
        "guest_access",
        "encryption",
        "name",
        "topic",
        "member",
    ];
    assert_eq!(kinds, expected.map(|kind| format!("m.room.{kind}")));
    let record = world.rooms.membership_record(bob.user, sid).expect("reads").expect("invited");
    assert!(record.is_direct);
    let stripped: Vec<Value> =
        serde_json::from_str(&record.stripped_state.expect("stripped")).expect("an array");
    let names: Vec<&str> = stripped.iter().filter_map(|event| event["type"].as_str()).collect();
    for kind in ["m.room.create", "m.room.name", "m.room.topic", "m.room.encryption", "m.room.member"] {
        assert!(names.contains(&kind), "{kind} is missing from {names:?}");
    }
    world.assert_sound();
}

#[test]
fn two_equal_rooms_at_the_same_moment_are_two_rooms() {
    let world = World::new();
    let alice = world.user("alice");
    let (one, two) = (world.public_room(&alice), world.public_room(&alice));
    assert_ne!(one, two);
    world.assert_sound();
}

#[test]
fn trusted_friends_are_equals() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let new = |version: &str| NewRoom {
        version: Some(version.to_owned()),
        preset: Some(Preset::TrustedPrivateChat),
        invite: vec![bob.user_id.clone()],
        ..NewRoom::default()
    };
    let eleven = world.create(&alice, new("11"));
    assert_eq!(world.state_content(&eleven, "m.room.power_levels", "")["users"]["@bob:a.example"], 100);
    let twelve = world.create(&alice, new("12"));
    let create = world.state_content(&twelve, "m.room.create", "");
    assert_eq!(create["additional_creators"], json!(["@bob:a.example"]));
    let levels = world.state_content(&twelve, "m.room.power_levels", "");
    assert_eq!(levels["users"], json!({}));
    assert_eq!(levels["events"]["m.room.tombstone"], 150);
    world.assert_sound();
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing() {
    let world = World::new();
    let alice = world.user("alice");
    let create = |new: NewRoom| world.rooms.create_room(&alice, new).expect_err("refused");
    let unknown = NewRoom { version: Some("nonsense".to_owned()), ..NewRoom::default() };
    assert!(matches!(create(unknown), CreateError::UnsupportedVersion(_)));
    // A level below what it takes to name the room.
    let powerless = NewRoom {
        version: Some("11".to_owned()),
        name: Some("n".to_owned()),
        power_level_override: object(json!({ "users": { "@alice:a.example": 20 } })),
        ..NewRoom::default()
    };
    assert!(matches!(create(powerless), CreateError::InvalidState(_)));
    let listed = NewRoom {
        version: Some("12".to_owned()),
        power_level_override: object(json!({ "users": { "@alice:a.example": 100 } })),
        ..NewRoom::default()
    };
    assert!(matches!(create(listed), CreateError::InvalidState(_)));
    let twice = NewRoom { alias_localpart: Some("x".to_owned()), ..NewRoom::default() };
    world.create(&alice, twice.clone());
    assert!(matches!(create(twice), CreateError::Alias(_)));
    assert_eq!(world.rooms.joined_rooms(alice.user).expect("reads").len(), 1);
    world.assert_sound();
}

#[test]
fn a_suspended_user_makes_no_room() {
    let world = World::new();
    let mut alice = world.user("alice");
    alice.suspended = true;
    let error = world.rooms.create_room(&alice, NewRoom::default()).expect_err("refused");
    assert!(matches!(error, CreateError::Write(crate::WriteError::Suspended)));
}
