//! Upgrading rooms.

use ruma::{owned_user_id, room_alias_id};
use serde_json::{Value, json};

use super::{World, initial};
use crate::{
    WriteError,
    create::{CreateError, NewRoom, Preset},
};

#[test]
fn a_room_moves_with_its_names_rules_and_bans() {
    for (from, to) in [("1", "5"), ("5", "11"), ("10", "12"), ("12", "12"), ("12", "11")] {
        let world = World::new();
        let (alice, bob, carol) = (world.user("alice"), world.user("bob"), world.user("carol"));
        let new = NewRoom {
            version: Some(from.to_owned()),
            preset: Some(Preset::PublicChat),
            published: true,
            name: Some("Old".to_owned()),
            alias_localpart: Some("name".to_owned()),
            initial_state: vec![initial("m.room.encryption", json!({ "algorithm": "m.megolm.v1.aes-sha2" }))],
            ..NewRoom::default()
        };
        let old = world.create(&alice, new);
        world.join(&bob, &old);
        world.rooms.ban(&alice, &old, &carol.user_id, Some("rude".to_owned())).expect("bans");
        let refused = world.rooms.upgrade_room(&bob, &old, to, &[]);
        assert!(matches!(refused, Err(CreateError::Write(WriteError::Refused(_)))));

        let creators = [owned_user_id!("@bob:a.example")];
        let new = world.rooms.upgrade_room(&alice, &old, to, &creators).expect("upgrades");
        assert_eq!(world.state_content(&old, "m.room.tombstone", "")["replacement_room"], new.as_str());
        let create = world.state_content(&new, "m.room.create", "");
        assert_eq!(create["predecessor"]["room_id"], old.as_str());
        assert_eq!(create["predecessor"].get("event_id").is_some(), to != "12", "{from} {to}");
        assert_eq!(create["room_version"], to);
        let expected_creators = if to == "12" { json!(["@bob:a.example"]) } else { Value::Null };
        assert_eq!(create.get("additional_creators").cloned().unwrap_or_default(), expected_creators);
        assert_eq!(world.state_content(&new, "m.room.name", "")["name"], "Old");
        assert_eq!(world.state_content(&new, "m.room.canonical_alias", "")["alias"], "#name:a.example");
        assert_eq!(world.state_content(&old, "m.room.canonical_alias", ""), json!({}));
        assert_eq!(world.state_content(&new, "m.room.member", "@carol:a.example")["membership"], "ban");
        let alias = room_alias_id!("#name:a.example");
        assert_eq!(world.rooms.resolve_alias(alias).expect("resolves").0, new);
        assert!(world.rooms.is_published(&new).expect("reads"));
        assert!(!world.rooms.is_published(&old).expect("reads"));
        assert_eq!(world.state_content(&old, "m.room.power_levels", "")["events_default"], 50);
        let levels = world.state_content(&new, "m.room.power_levels", "");
        assert_eq!(levels["events_default"], 0);
        let own = levels["users"].get("@alice:a.example").cloned().unwrap_or_default();
        assert_eq!(own, if to == "12" { Value::Null } else { json!(100) });
        world.join(&bob, &new);
        world.say(&bob, &new, "here");
        world.assert_sound();
    }
}

#[test]
fn an_unknown_version_changes_nothing() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.public_room(&alice);
    let refused = world.rooms.upgrade_room(&alice, &room, "nonsense", &[]);
    assert!(matches!(refused, Err(CreateError::UnsupportedVersion(_))));
    assert!(world.state(&room, "m.room.tombstone", "").is_none());
}
