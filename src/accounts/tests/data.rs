//! Account data, tags and filters.

use kith_store::{ChangeKind, Position, RoomSid};
use serde_json::{Value, json};

use super::World;
use crate::{AccountDataError, TagError};

const ROOM: RoomSid = RoomSid(5);

#[test]
fn changes_are_read_once_with_their_newest_content() {
    let world = World::new();
    let (accounts, alice) = (&world.accounts, world.requester("alice").user);
    let bob = world.requester("bob").user;
    let start = accounts.store.visible();
    accounts.set_account_data(alice, None, "a", r#"{"n":1}"#).expect("writes");
    accounts.set_account_data(alice, Some(ROOM), "a", r#"{"n":2}"#).expect("writes");
    accounts.set_account_data(bob, None, "a", "{}").expect("writes");
    let middle = accounts.store.visible();
    accounts.set_account_data(alice, None, "a", r#"{"n":3}"#).expect("writes");

    let view = accounts.store.read();
    let changed = |since, until| {
        let items = accounts.changed_account_data(&*view, alice, since, until).expect("reads");
        items.into_iter().map(|item| (item.room, item.content)).collect::<Vec<_>>()
    };
    let in_room = (Some(ROOM), r#"{"n":2}"#.to_owned());
    let newest = (None, r#"{"n":3}"#.to_owned());
    assert_eq!(changed(start, accounts.store.visible()), [in_room.clone(), newest.clone()]);
    assert_eq!(changed(start, middle), [in_room]);
    assert_eq!(changed(middle, accounts.store.visible()), [newest]);
    assert_eq!(changed(accounts.store.visible(), Position(u64::MAX - 1)), []);
    assert_eq!(accounts.all_account_data(&*view, alice).expect("reads").len(), 2);
    assert_eq!(accounts.account_data_of(&*view, alice, Some(ROOM)).expect("reads").len(), 1);
    let changes = accounts.store.changes().since(middle).expect("is recent");
    assert_eq!(changes[0].kind, ChangeKind::AccountData { user: alice, room: None });
}

#[test]
fn some_types_are_the_servers() {
    let world = World::new();
    let (accounts, alice) = (&world.accounts, world.requester("alice").user);
    for kind in ["m.fully_read", "m.push_rules"] {
        let refused = accounts.set_account_data(alice, None, kind, "{}");
        assert!(matches!(refused, Err(AccountDataError::OwnedByServer(_))));
    }
    assert!(matches!(accounts.set_account_data(alice, None, "a", "[]"), Err(AccountDataError::NotAnObject)));
    let huge = format!(r#"{{"x":"{}"}}"#, "x".repeat(1024 * 1024));
    assert!(matches!(accounts.set_account_data(alice, None, "a", &huge), Err(AccountDataError::TooLarge)));
}

#[test]
fn tags_are_one_piece_of_account_data() {
    let world = World::new();
    let (accounts, alice) = (&world.accounts, world.requester("alice").user);
    accounts.set_tag(alice, ROOM, "m.favourite", json!({ "order": 0.5 })).expect("writes");
    accounts.set_tag(alice, ROOM, "u.work", json!({})).expect("writes");
    let content = accounts.find_account_data(alice, Some(ROOM), "m.tag").expect("reads").expect("exists");
    let content: Value = serde_json::from_str(&content).expect("is JSON");
    assert_eq!(content, json!({ "tags": { "m.favourite": { "order": 0.5 }, "u.work": {} } }));
    accounts.delete_tag(alice, ROOM, "u.work").expect("writes");
    accounts.delete_tag(alice, ROOM, "u.work").expect("is gone already");
    assert_eq!(accounts.tags(alice, ROOM).expect("reads").len(), 1);
    let long = "x".repeat(256);
    assert!(matches!(accounts.set_tag(alice, ROOM, &long, json!({})), Err(TagError::BadName)));
    accounts.set_account_data(alice, Some(ROOM), "m.tag", r#"{"tags":[]}"#).expect("writes");
    assert!(accounts.tags(alice, ROOM).expect("reads").is_empty());
}

#[test]
fn a_filter_is_stored_once() {
    let world = World::new();
    let (accounts, alice) = (&world.accounts, world.requester("alice").user);
    let id = accounts.create_filter(alice, r#"{"room":{}}"#).expect("stores");
    assert_eq!(accounts.create_filter(alice, r#"{"room":{}}"#).expect("stores"), id);
    assert_ne!(accounts.create_filter(alice, "{}").expect("stores"), id);
    assert!(!id.starts_with('{'));
    assert_eq!(accounts.find_filter(alice, &id).expect("reads").as_deref(), Some(r#"{"room":{}}"#));
    let bob = world.requester("bob").user;
    assert_eq!(accounts.find_filter(bob, &id).expect("reads"), None);
}
