//! Power as the rest of the server asks for it.

use ruma::{UserId, events::room::power_levels::UserPowerLevel, int};
use serde_json::json;

use super::Powers;
use crate::{
    RoomVersion,
    factory::{CREATOR, World, state},
};

#[test]
fn without_power_levels() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.found(json!({}));
        let create = world.state_event(&fork, &"m.room.create".into(), "").expect("create");
        let powers = Powers::new(&create, None);
        let creator = UserId::parse(CREATOR).expect("valid");
        let other = UserId::parse("@bob:b").expect("valid");
        let creators_power = if version.creators_are_privileged() {
            UserPowerLevel::Infinite
        } else {
            UserPowerLevel::Int(int!(100))
        };
        assert_eq!(powers.of(&creator), creators_power, "{version:?}");
        assert_eq!(powers.of(&other), int!(0));
        assert!(powers.may_send(&creator, &"m.room.topic".into(), true));
        assert!(!powers.may_send(&other, &"m.room.topic".into(), true));
        assert!(powers.may_send(&other, &"m.room.message".into(), false));
        let levels = [powers.invite_level(), powers.kick_level(), powers.ban_level(), powers.redact_level()];
        assert_eq!(levels, [int!(0), int!(50), int!(50), int!(50)]);
        assert_eq!(powers.notification_level("room"), int!(50));
    }
}

#[test]
fn with_power_levels() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.found(json!({ "additional_creators": ["@carol:b"] }));
        let levels = json!({
            "users": { "@bob:b": 40 }, "users_default": 5, "events": { "m.room.topic": 30 }, "state_default": 60,
            "events_default": 10, "invite": 1, "kick": 2, "ban": 3, "redact": 4, "notifications": { "room": 20 },
        });
        let levels = world.put(&mut fork, state(CREATOR, "m.room.power_levels", "", levels));
        let create = world.state_event(&fork, &"m.room.create".into(), "").expect("create");
        let powers = Powers::new(&create, Some(&levels));
        let user = |id: &str| UserId::parse(id).expect("valid");
        let privileged = version.creators_are_privileged();
        assert_eq!(powers.of(&user(CREATOR)) == UserPowerLevel::Infinite, privileged, "{version:?}");
        assert_eq!(powers.of(&user("@carol:b")) == UserPowerLevel::Infinite, privileged, "{version:?}");
        assert_eq!(powers.creators().len(), if privileged { 2 } else { 1 }, "{version:?}");
        assert_eq!(powers.of(&user("@bob:b")), int!(40));
        assert_eq!(powers.of(&user("@dave:b")), int!(5));
        assert_eq!(powers.named_users(), [(user("@bob:b"), int!(40))]);
        assert_eq!(powers.needed_for(&"m.room.topic".into(), true), int!(30));
        assert_eq!(powers.needed_for(&"m.room.name".into(), true), int!(60));
        assert_eq!(powers.needed_for(&"m.room.message".into(), false), int!(10));
        let levels = [powers.invite_level(), powers.kick_level(), powers.ban_level(), powers.redact_level()];
        assert_eq!(levels, [int!(1), int!(2), int!(3), int!(4)]);
        assert_eq!(powers.notification_level("room"), int!(20));
    }
}

#[test]
fn stringy_levels_count_until_version_9() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.found(json!({}));
        let levels = json!({ "users": { "@bob:b": "40" }, "ban": " 70 ", "users_default": "3" });
        let levels = world.put(&mut fork, state(CREATOR, "m.room.power_levels", "", levels));
        let create = world.state_event(&fork, &"m.room.create".into(), "").expect("create");
        let powers = Powers::new(&create, Some(&levels));
        let bob = powers.of(&UserId::parse("@bob:b").expect("valid"));
        let expected =
            if version.stringy_power_levels() { (int!(40), int!(70)) } else { (int!(0), int!(50)) };
        assert_eq!(bob, expected.0, "{version:?}");
        assert_eq!(powers.ban_level(), expected.1, "{version:?}");
    }
}
