//! Names and the directory.

use ruma::room_alias_id;
use serde_json::json;

use super::World;
use crate::{aliases::AliasError, create::NewRoom, publication::PublicationError, send::SendError};

#[test]
fn names_are_given_resolved_and_taken_away() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.public_room(&alice);
    let alias = room_alias_id!("#name:a.example");
    assert!(matches!(world.rooms.create_alias(&bob, alias, &room), Err(AliasError::Forbidden(_))));
    let foreign = room_alias_id!("#name:b.example");
    assert!(matches!(world.rooms.create_alias(&alice, foreign, &room), Err(AliasError::Invalid(_))));
    world.rooms.create_alias(&alice, alias, &room).expect("names");
    assert!(matches!(world.rooms.create_alias(&alice, alias, &room), Err(AliasError::Taken)));
    let (found, servers) = world.rooms.resolve_alias(alias).expect("resolves");
    assert_eq!((found, servers.len()), (room.clone(), 1));
    assert!(matches!(world.rooms.resolve_alias(foreign), Err(AliasError::NotFound)));

    let named = json!({ "alias": alias, "alt_aliases": ["#nowhere:a.example"] });
    let refused = world.set(&alice, &room, "m.room.canonical_alias", "", named);
    assert!(matches!(refused, Err(SendError::BadAlias(_))));
    world.set(&alice, &room, "m.room.canonical_alias", "", json!({ "alias": alias })).expect("names");
    world.assert_sound();

    world.join(&bob, &room);
    assert!(matches!(world.rooms.delete_alias(&bob, alias), Err(AliasError::Forbidden(_))));
    world.rooms.delete_alias(&alice, alias).expect("takes away");
    assert_eq!(world.state_content(&room, "m.room.canonical_alias", ""), json!({}));
    assert!(matches!(world.rooms.delete_alias(&alice, alias), Err(AliasError::NotFound)));
    world.assert_sound();
}

#[test]
fn those_who_name_a_room_publish_it() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.create(&alice, NewRoom { published: true, ..NewRoom::default() });
    assert!(world.rooms.is_published(&room).expect("reads"));
    world.join(&bob, &room);
    let refused = world.rooms.set_published(&bob, &room, false);
    assert!(matches!(refused, Err(PublicationError::Forbidden(_))));
    world.rooms.set_published(&alice, &room, false).expect("unpublishes");
    assert!(!world.rooms.is_published(&room).expect("reads"));
    world.assert_sound();
}

#[test]
fn reports_are_kept_in_order() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.public_room(&alice);
    let event = world.say(&alice, &room, "x");
    assert!(world.rooms.report_event(&bob, &room, &event, None, None).is_err());
    world.join(&bob, &room);
    let first = world.rooms.report_event(&bob, &room, &event, Some("bad".to_owned()), None).expect("reports");
    let second = world.rooms.report_room(&bob, &room, "worse".to_owned()).expect("reports");
    let list = |from, direction| -> Vec<_> {
        let reports = world.rooms.list_reports(from, direction, 10).expect("lists");
        reports.into_iter().map(|(number, _)| number).collect()
    };
    assert_eq!(list(kith_store::Position::START, kith_store::Direction::Forward), [first, second]);
    assert_eq!(list(kith_store::Position::END, kith_store::Direction::Backward), [second, first]);
    assert!(world.rooms.delete_report(first).expect("deletes"));
    assert!(!world.rooms.delete_report(first).expect("is gone"));
}
