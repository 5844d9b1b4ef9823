//! Profiles and who may change them.

use serde_json::json;

use super::World;
use crate::{ProfileError, Requester};

#[test]
fn fields_are_set_read_and_removed() {
    let world = World::new();
    let alice = world.requester("alice");
    let set = |name: &str, value| world.accounts.set_profile_field(&alice, &alice.user_id, name, &value);
    let named = set("displayname", json!("Alice")).expect("may");
    assert_eq!((named.display_name.as_deref(), named.shown_in_rooms), (Some("Alice"), true));
    assert!(!set("displayname", json!("Alice")).expect("may").shown_in_rooms);
    assert!(!set("m.tz", json!("Europe/Berlin")).expect("may").shown_in_rooms);
    assert!(set("avatar_url", json!("mxc://a.example/x")).expect("may").shown_in_rooms);
    let profile = world.accounts.find_profile(&alice.user_id).expect("reads").expect("exists");
    assert_eq!(profile.find("m.tz"), Some(json!("Europe/Berlin")));
    assert_eq!(profile.into_fields().len(), 3);
    assert_eq!(set("displayname", json!(null)).expect("may").display_name, None);
    assert_eq!(set("avatar_url", json!("")).expect("may").avatar_url, None);
    world.accounts.delete_profile_field(&alice, &alice.user_id, "m.tz").expect("may");
    let profile = world.accounts.find_profile(&alice.user_id).expect("reads").expect("exists");
    assert!(profile.into_fields().is_empty());
}

#[test]
fn profiles_have_limits() {
    let world = World::new();
    let alice = world.requester("alice");
    let set = |name: &str, value| world.accounts.set_profile_field(&alice, &alice.user_id, name, &value);
    assert!(matches!(set("Upper.case", json!(1)), Err(ProfileError::BadName)));
    assert!(matches!(set("", json!(1)), Err(ProfileError::BadName)));
    assert!(matches!(set(&"a".repeat(256), json!(1)), Err(ProfileError::NameTooLong)));
    assert!(matches!(set("displayname", json!(1)), Err(ProfileError::BadValue)));
    assert!(matches!(set("displayname", json!("x".repeat(257))), Err(ProfileError::BadValue)));
    set("a.first", json!("x".repeat(40_000))).expect("fits");
    assert!(matches!(set("a.second", json!("x".repeat(30_000))), Err(ProfileError::TooLarge)));
}

#[test]
fn only_oneself_and_administrators_change_a_profile() {
    let world = World::new();
    let (alice, bob) = (world.requester("alice"), world.requester("bob"));
    let set = |by: &Requester| {
        world.accounts.set_profile_field(by, &alice.user_id, "displayname", &json!("Somebody")).map(|_| ())
    };
    assert!(matches!(set(&bob), Err(ProfileError::NotYours)));
    assert!(matches!(set(&Requester { suspended: true, ..alice.clone() }), Err(ProfileError::Suspended)));
    assert!(set(&Requester { admin: true, ..bob }).is_ok());
}
