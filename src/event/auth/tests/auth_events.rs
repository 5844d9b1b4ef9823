//! The rules about which events an event may name as authorising it.

use ruma::{RoomId, UserId, events::TimelineEventType};
use serde_json::{json, value::to_raw_value};

use crate::{
    Pdu, RoomVersion,
    auth::{auth_types, check_auth_events, create_event_id, state_needed},
    build::{Context, Draft, EventRef, build},
    factory::{Fork, World, member, message, state},
};

/// A message from `@bob:b` that names exactly these events.
fn message_with(world: &World, fork: &Fork, auth_events: &[&Pdu]) -> Pdu {
    let sender = UserId::parse("@bob:b").expect("valid");
    let auth_events = auth_events.iter().map(|pdu| EventRef::from(*pdu)).collect();
    let context = Context { auth_events, ..world.context(fork, &sender) };
    let draft = Draft::message("m.room.message".into(), to_raw_value(&json!({})).expect("JSON"));
    build(draft, &context).expect("a well-formed event")
}

fn verdict(world: &World, pdu: &Pdu) -> Result<(), String> {
    check_auth_events(pdu, |event_id| world.find(event_id)).map_err(|error| error.to_string())
}

fn events_of(world: &World, fork: &Fork, keys: &[(&str, &str)]) -> Vec<Pdu> {
    keys.iter()
        .map(|(kind, key)| world.state_event(fork, &(*kind).into(), key).expect("in the state"))
        .collect()
}

const MEMBER: (&str, &str) = ("m.room.member", "@bob:b");
const LEVELS: (&str, &str) = ("m.room.power_levels", "");
const RULES: (&str, &str) = ("m.room.join_rules", "");
const CREATE: (&str, &str) = ("m.room.create", "");

#[test]
fn selection_is_exact() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.room(json!({}));
        let listed = |keys: &[(&str, &str)]| {
            let mut events = events_of(&world, &fork, keys);
            if !version.room_id_is_create_hash() {
                events.extend(events_of(&world, &fork, &[CREATE]));
            }
            verdict(&world, &message_with(&world, &fork, &events.iter().collect::<Vec<_>>()))
        };
        assert_eq!(listed(&[MEMBER, LEVELS]), Ok(()), "{version:?}");
        let surplus = listed(&[MEMBER, LEVELS, RULES]).expect_err("not for messages");
        assert!(surplus.contains("unexpected auth event"), "{version:?}: {surplus}");
        let other_member = listed(&[MEMBER, LEVELS, ("m.room.member", "@mod:a")]).expect_err("somebody else");
        assert!(other_member.contains("unexpected auth event"), "{version:?}: {other_member}");
        let nobody = listed(&[LEVELS]).expect_err("not a member by these");
        assert!(nobody.contains("not `join`"), "{version:?}: {nobody}");

        let mut twice = events_of(&world, &fork, &[MEMBER, LEVELS]);
        if !version.room_id_is_create_hash() {
            twice.extend(events_of(&world, &fork, &[CREATE]));
        }
        twice.push(world.put(&mut fork, member("@bob:b", "@bob:b", "join")));
        let twice = verdict(&world, &message_with(&world, &fork, &twice.iter().collect::<Vec<_>>()));
        assert!(twice.expect_err("twice").contains("duplicate auth event"), "{version:?}");
    }
}

#[test]
fn the_create_event_is_listed_until_version_11_and_implied_since() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let events = events_of(&world, &fork, &[MEMBER, LEVELS]);
        let without = verdict(&world, &message_with(&world, &fork, &events.iter().collect::<Vec<_>>()));
        let events = events_of(&world, &fork, &[MEMBER, LEVELS, CREATE]);
        let with = verdict(&world, &message_with(&world, &fork, &events.iter().collect::<Vec<_>>()));
        let implied = version.room_id_is_create_hash();
        assert_eq!((without.is_ok(), with.is_ok()), (implied, !implied), "{version:?}: {without:?} {with:?}");
    }
}

#[test]
fn rejected_and_unknown_events_authorise_nothing() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
        assert_eq!(verdict(&world, &pdu), Ok(()), "{version:?}");
        for event_id in pdu.auth_events() {
            let one_rejected = check_auth_events(&pdu, |id| {
                let found = world.find(id)?;
                Some(found.with_rejected(id == event_id))
            });
            assert!(one_rejected.is_err(), "{version:?} takes {event_id} although it was rejected");
            let one_unknown = check_auth_events(&pdu, |id| world.find(id).filter(|_| id != event_id));
            assert!(one_unknown.is_err(), "{version:?} takes {event_id} although it is unknown");
        }
    }
}

#[test]
fn events_of_other_rooms_authorise_nothing() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        // Another room: by its own create event, or where that does not name it, by another name.
        let other_world = World::new(version);
        let mut other = other_world.room(json!({ "m.federate": true }));
        if !version.room_id_is_create_hash() {
            other.room_id = RoomId::parse("!other:a").ok();
        }
        let foreign = other_world.put(&mut other, member("@bob:b", "@bob:b", "join"));
        world.remember(&foreign);
        let mut events = events_of(&world, &fork, &[LEVELS]);
        if !version.room_id_is_create_hash() {
            events.extend(events_of(&world, &fork, &[CREATE]));
        }
        events.push(foreign);
        let verdict = verdict(&world, &message_with(&world, &fork, &events.iter().collect::<Vec<_>>()));
        assert!(verdict.expect_err("another room").contains("not in the same room"), "{version:?}");
    }
}

#[test]
fn a_room_is_named_by_a_create_event_and_nothing_else() {
    let version = crate::factory::version("12");
    let world = World::new(version);
    let fork = world.room(json!({}));
    let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
    let create_id = create_event_id(pdu.room_id()).expect("a hash");
    assert_eq!(world.get(&create_id).room_id(), pdu.room_id());
    let other = world.state_event(&fork, &"m.room.join_rules".into(), "").expect("join rules");
    let fooled =
        check_auth_events(&pdu, |id| if *id == create_id { Some(other.clone()) } else { world.find(id) });
    assert!(fooled.is_err(), "takes a room named by its join rules");
    let rejected = check_auth_events(&pdu, |id| Some(world.find(id)?.with_rejected(*id == create_id)));
    assert!(rejected.is_err(), "takes a room whose create event was rejected");
}

#[test]
fn create_events_follow_nothing() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let mut fork = world.found(json!({}));
        let content = json!({ "room_version": version.id(), "creator": "@alice:a" });
        if version.room_id_is_create_hash() {
            // Such an event must not name a room, which the factory's events otherwise do.
            fork = Fork { heads: fork.heads, ..Fork::default() };
        }
        let pdu = world.make(&fork, state("@alice:a", "m.room.create", "", content));
        let verdict = world.allows(&fork, &pdu).expect_err("has a previous event").to_string();
        assert!(verdict.contains("previous events"), "{version:?}: {verdict}");
    }
}

#[test]
fn selection_by_kind() {
    let types = |version: &str, kind: &str, state_key: Option<&str>, content: serde_json::Value| {
        let sender = UserId::parse("@bob:b").expect("valid");
        let content = to_raw_value(&content).expect("JSON");
        let kind = TimelineEventType::from(kind);
        let types = auth_types(crate::factory::version(version), &kind, &sender, state_key, &content);
        let mut types: Vec<String> =
            types.expect("well-formed").into_iter().map(|(kind, key)| format!("{kind} {key}")).collect();
        types.sort();
        types.join(", ")
    };
    let base = "m.room.create , m.room.member @bob:b, m.room.power_levels ";
    assert_eq!(types("11", "m.room.create", Some(""), json!({})), "");
    assert_eq!(types("11", "m.room.message", None, json!({})), base);
    assert_eq!(types("12", "m.room.message", None, json!({})), "m.room.member @bob:b, m.room.power_levels ");
    let join = json!({ "membership": "join", "join_authorised_via_users_server": "@mod:a" });
    assert_eq!(
        types("7", "m.room.member", Some("@bob:b"), join.clone()),
        "m.room.create , m.room.join_rules , m.room.member @bob:b, m.room.power_levels "
    );
    assert_eq!(
        types("8", "m.room.member", Some("@bob:b"), join),
        "m.room.create , m.room.join_rules , m.room.member @bob:b, m.room.member @mod:a, m.room.power_levels "
    );
    let invite = json!({ "membership": "invite", "third_party_invite": { "signed": { "token": "t" } } });
    assert_eq!(
        types("1", "m.room.member", Some("@carol:b"), invite),
        "m.room.create , m.room.join_rules , m.room.member @bob:b, m.room.member @carol:b, \
         m.room.power_levels , m.room.third_party_invite t"
    );
    assert_eq!(
        types("1", "m.room.member", Some("@carol:b"), json!({ "membership": "ban" })),
        "m.room.create , m.room.member @bob:b, m.room.member @carol:b, m.room.power_levels "
    );
}

#[test]
fn the_create_event_is_needed_even_where_it_is_not_listed() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        let pdu = world.make(&fork, message("@bob:b", "m.room.message", json!({})));
        let needed = state_needed(&pdu).expect("well-formed");
        assert_eq!(
            needed.iter().filter(|(kind, _)| kind.to_string() == "m.room.create").count(),
            1,
            "{version:?}"
        );
    }
}
