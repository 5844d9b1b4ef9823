//! What other servers get to read: of which rooms, and how much of what is hidden from their users.

use std::collections::BTreeSet;

use kith_event::{Pdu, parse_pdu};
use kith_store::{Direction, tables::events::Verdict};
use ruma::{OwnedEventId, OwnedRoomId, ServerName, UserId, server_name, user_id};
use serde_json::{Value, json};

use super::{
    World,
    forks::{after, ingest, newest},
    initial,
};
use crate::{
    create::{NewRoom, Preset},
    serve::{MissingBetween, ServeError},
};

const VERSIONS: [&str; 4] = ["1", "6", "11", "12"];

fn bob_id() -> &'static UserId {
    user_id!("@bob:b.example")
}

fn bobs_server() -> &'static ServerName {
    server_name!("b.example")
}

fn room_with(world: &World, version: &str, visibility: &str) -> OwnedRoomId {
    let new = NewRoom {
        version: Some(version.to_owned()),
        preset: Some(Preset::PublicChat),
        initial_state: vec![initial(
            "m.room.history_visibility",
            json!({ "history_visibility": visibility }),
        )],
        ..NewRoom::default()
    };
    world.create(&world.user("alice"), new)
}

/// Bob becomes this to the room.
fn bob_is(world: &World, room: &OwnedRoomId, membership: &str) -> OwnedEventId {
    let content = json!({ "membership": membership });
    let pdu = after(world, room, None, bob_id(), "m.room.member", Some(bob_id().as_str()), content);
    assert_eq!(ingest(world, &pdu).verdict, Verdict::Accepted);
    pdu.event_id().clone()
}

/// The events of a list, read as the version of their room has them.
fn read_list(world: &World, room: &OwnedRoomId, list: &str) -> Vec<Pdu> {
    let version = world.rooms.room(room).expect("reads").expect("known").version;
    let texts: Vec<Value> = serde_json::from_str(list).expect("a list");
    texts.iter().map(|text| parse_pdu(version, &text.to_string()).expect("an event")).collect()
}

fn ids(pdus: &[Pdu]) -> Vec<&OwnedEventId> {
    pdus.iter().map(Pdu::event_id).collect()
}

fn body(pdu: &Pdu) -> Option<String> {
    pdu.content_field("body")
}

fn is_outside<T>(result: Result<T, ServeError>) -> bool {
    matches!(result, Err(ServeError::NotInRoom))
}

#[test]
fn only_servers_in_the_room_are_served() {
    let world = World::new();
    let alice = world.user("alice");
    let room = room_with(&world, "11", "shared");
    let message = world.say(&alice, &room, "hello");
    let read = world.rooms.store.read();
    let (rooms, server) = (&world.rooms, bobs_server());
    let between =
        MissingBetween { earliest: &[], latest: std::slice::from_ref(&message), limit: 9, min_depth: 0 };
    let all_outside = |read: &dyn kith_store::Read, server: &ServerName| {
        is_outside(rooms.serve_state(read, server, &room, &message))
            && is_outside(rooms.serve_state_ids(read, server, &room, &message))
            && is_outside(rooms.serve_event_auth(read, server, &room, &message))
            && is_outside(rooms.serve_backfill(read, server, &room, std::slice::from_ref(&message), 9))
            && is_outside(rooms.serve_missing_events(read, server, &room, &between))
            && is_outside(rooms.serve_event_by_timestamp(read, server, &room, 0, Direction::Forward))
            && matches!(rooms.serve_event(read, server, &message), Err(ServeError::NotFound(_)))
    };
    assert!(all_outside(&*read, server));
    bob_is(&world, &room, "join");
    let read = world.rooms.store.read();
    assert!(rooms.serve_event(&*read, server, &message).is_ok());
    assert!(all_outside(&*read, server_name!("c.example")));
    // A server that has left is outside again.
    bob_is(&world, &room, "leave");
    let read = world.rooms.store.read();
    assert!(all_outside(&*read, server));
}

#[test]
fn a_server_that_was_put_out_reads_up_to_there_and_no_further() {
    let world = World::new();
    let alice = world.user("alice");
    let room = room_with(&world, "11", "shared");
    let join = bob_is(&world, &room, "join");
    let message = world.say(&alice, &room, "hello");
    let ban = world.set(&alice, &room, "m.room.member", bob_id().as_str(), json!({ "membership": "ban" }));
    let ban = ban.expect("bans");
    let later = world.say(&alice, &room, "without bob");
    let read = world.rooms.store.read();
    let (rooms, server) = (&world.rooms, bobs_server());
    let behind = |event: &OwnedEventId| {
        let between = MissingBetween {
            earliest: std::slice::from_ref(&join),
            latest: std::slice::from_ref(event),
            limit: 9,
            min_depth: 0,
        };
        rooms.serve_missing_events(&*read, server, &room, &between)
    };
    let missed = behind(&ban).expect("was there");
    assert_eq!(ids(&read_list(&world, &room, &missed)), [&message]);
    for event in [&message, &ban] {
        assert!(rooms.serve_event(&*read, server, event).is_ok());
        assert!(rooms.serve_state_ids(&*read, server, &room, event).is_ok());
        assert!(rooms.serve_event_auth(&*read, server, &room, event).is_ok());
        assert!(rooms.serve_backfill(&*read, server, &room, std::slice::from_ref(event), 9).is_ok());
    }
    assert!(is_outside(behind(&later)));
    assert!(matches!(rooms.serve_event(&*read, server, &later), Err(ServeError::NotFound(_))));
    assert!(is_outside(rooms.serve_state_ids(&*read, server, &room, &later)));
    assert!(is_outside(rooms.serve_event_auth(&*read, server, &room, &later)));
    assert!(is_outside(rooms.serve_backfill(&*read, server, &room, std::slice::from_ref(&later), 9)));
    assert!(is_outside(rooms.serve_event_by_timestamp(&*read, server, &room, 0, Direction::Forward)));
}

#[test]
fn banned_servers_and_closed_rooms_are_told_so() {
    let world = World::new();
    let alice = world.user("alice");
    let room = room_with(&world, "11", "shared");
    let join = bob_is(&world, &room, "join");
    let serve = || {
        let read = world.rooms.store.read();
        world.rooms.serve_event(&*read, bobs_server(), &join).map(drop)
    };
    assert!(serve().is_ok());
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    world.rooms.set_blocked(sid, true).expect("closes");
    assert!(matches!(serve(), Err(ServeError::Blocked)));
    world.rooms.set_blocked(sid, false).expect("opens");
    let acl = json!({ "allow": ["*"], "deny": ["B.example"] });
    world.set(&alice, &room, "m.room.server_acl", "", acl).expect("bans");
    assert!(matches!(serve(), Err(ServeError::Banned)));
    // A room that nobody of this server is in any more is not answered for.
    world.set(&alice, &room, "m.room.server_acl", "", json!({ "allow": ["*"] })).expect("lets in");
    assert!(serve().is_ok());
    world.rooms.leave(&alice, &room, None).expect("leaves");
    assert!(matches!(serve(), Err(ServeError::NotFound(_))));
}

#[test]
fn the_state_is_that_before_the_event_and_rests_on_its_chain() {
    for version in VERSIONS {
        let world = World::new();
        let alice = world.user("alice");
        let room = room_with(&world, version, "shared");
        bob_is(&world, &room, "join");
        let first = world.set(&alice, &room, "m.room.topic", "", json!({ "topic": "1" })).expect("sets");
        let second = world.set(&alice, &room, "m.room.topic", "", json!({ "topic": "2" })).expect("sets");
        let read = world.rooms.store.read();
        let (state, chain) = world.rooms.serve_state(&*read, bobs_server(), &room, &second).expect("serves");
        let (state, chain) = (read_list(&world, &room, &state), read_list(&world, &room, &chain));
        assert!(ids(&state).contains(&&first) && !ids(&state).contains(&&second), "version {version}");
        let all: BTreeSet<&OwnedEventId> = ids(&state).into_iter().chain(ids(&chain)).collect();
        for pdu in state.iter().chain(&chain) {
            assert!(pdu.auth_events().iter().all(|auth| all.contains(auth)), "version {version}");
        }
        let names = world.rooms.serve_state_ids(&*read, bobs_server(), &room, &second).expect("serves");
        let sorted = |names: Vec<OwnedEventId>| names.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(sorted(names.state), state.iter().map(|pdu| pdu.event_id().clone()).collect());
        assert_eq!(sorted(names.auth_chain), chain.iter().map(|pdu| pdu.event_id().clone()).collect());
        let create = world.state(&room, "m.room.create", "").expect("is there");
        let auth = world.rooms.serve_event_auth(&*read, bobs_server(), &room, &second).expect("serves");
        let auth = read_list(&world, &room, &auth);
        assert!(ids(&auth).contains(&create.event_id()), "version {version}");
        assert!(!ids(&auth).contains(&&second));
    }
}

#[test]
fn history_comes_in_order_and_within_limits() {
    for version in VERSIONS {
        let world = World::new();
        let alice = world.user("alice");
        let room = room_with(&world, version, "shared");
        bob_is(&world, &room, "join");
        let said: Vec<OwnedEventId> =
            (0..6).map(|number| world.say(&alice, &room, &number.to_string())).collect();
        let read = world.rooms.store.read();
        let backfill = |from: &[OwnedEventId], limit| {
            let list = world.rooms.serve_backfill(&*read, bobs_server(), &room, from, limit).expect("serves");
            read_list(&world, &room, &list).iter().map(|pdu| pdu.event_id().clone()).collect::<Vec<_>>()
        };
        assert_eq!(backfill(&said[4..5], 3), [&said[4], &said[3], &said[2]].map(Clone::clone));
        assert_eq!(backfill(&said[4..5], 0), [] as [OwnedEventId; 0]);
        let all = backfill(&said[5..], 1_000);
        assert_eq!(
            all.last(),
            world.state(&room, "m.room.create", "").map(|pdu| pdu.event_id().clone()).as_ref()
        );
        let missing = |earliest: &[OwnedEventId], limit| {
            let between = MissingBetween { earliest, latest: &said[5..], limit, min_depth: 0 };
            let list =
                world.rooms.serve_missing_events(&*read, bobs_server(), &room, &between).expect("serves");
            read_list(&world, &room, &list).iter().map(|pdu| pdu.event_id().clone()).collect::<Vec<_>>()
        };
        assert_eq!(missing(&said[1..2], 10), said[2..5]);
        assert_eq!(missing(&said[1..2], 2), said[3..5]);
        assert_eq!(missing(&[], 1_000).len(), all.len() - 1);
    }
}

#[test]
fn both_sides_of_a_fork_are_missing_between() {
    let world = World::new();
    let alice = world.user("alice");
    let room = room_with(&world, "11", "shared");
    bob_is(&world, &room, "join");
    let fork = newest(&world, &room);
    let theirs =
        after(&world, &room, Some(&fork), bob_id(), "m.room.message", None, json!({ "body": "theirs" }));
    let ours = world.say(&alice, &room, "ours");
    ingest(&world, &theirs);
    let merged = world.say(&alice, &room, "merged");
    let read = world.rooms.store.read();
    let between = MissingBetween {
        earliest: std::slice::from_ref(&fork),
        latest: std::slice::from_ref(&merged),
        limit: 10,
        min_depth: 0,
    };
    let list = world.rooms.serve_missing_events(&*read, bobs_server(), &room, &between).expect("serves");
    let found: BTreeSet<OwnedEventId> =
        read_list(&world, &room, &list).iter().map(|pdu| pdu.event_id().clone()).collect();
    assert_eq!(found, BTreeSet::from([ours, theirs.event_id().clone()]));
}

#[test]
fn rejected_events_are_not_spoken_of() {
    let world = World::new();
    let room = room_with(&world, "11", "shared");
    bob_is(&world, &room, "join");
    let levels = json!({ "users": { bob_id(): 100 } });
    let rejected = after(&world, &room, None, bob_id(), "m.room.power_levels", Some(""), levels);
    assert_eq!(ingest(&world, &rejected).verdict, Verdict::Rejected);
    let read = world.rooms.store.read();
    let (rooms, server, event_id) = (&world.rooms, bobs_server(), rejected.event_id());
    assert!(matches!(rooms.serve_event(&*read, server, event_id), Err(ServeError::NotFound(_))));
    assert!(matches!(rooms.serve_state(&*read, server, &room, event_id), Err(ServeError::NotFound(_))));
    assert!(matches!(rooms.serve_event_auth(&*read, server, &room, event_id), Err(ServeError::NotFound(_))));
    let list =
        rooms.serve_backfill(&*read, server, &room, std::slice::from_ref(event_id), 5).expect("serves");
    assert_eq!(list, "[]");
}

#[test]
fn what_a_servers_users_may_not_see_is_handed_out_without_its_content() {
    // (visibility, the server's user was invited meanwhile, what of "before", "invited" and "inside" is shown)
    for (visibility, shown) in [
        ("world_readable", [true, true, true]),
        ("shared", [true, true, true]),
        ("invited", [false, true, true]),
        ("joined", [false, false, true]),
    ] {
        let world = World::new();
        let alice = world.user("alice");
        let room = room_with(&world, "11", visibility);
        let before = world.say(&alice, &room, "before");
        let content = json!({ "membership": "invite" });
        let invite =
            after(&world, &room, None, &alice.user_id, "m.room.member", Some(bob_id().as_str()), content);
        assert_eq!(ingest(&world, &invite).verdict, Verdict::Accepted);
        let invited = world.say(&alice, &room, "invited");
        let join = bob_is(&world, &room, "join");
        let inside = world.say(&alice, &room, "inside");
        let read = world.rooms.store.read();
        for (event_id, shown) in [&before, &invited, &inside].into_iter().zip(shown) {
            let text = world.rooms.serve_event(&*read, bobs_server(), event_id).expect("serves");
            let pdu = read_list(&world, &room, &format!("[{text}]")).remove(0);
            assert_eq!(pdu.event_id(), event_id, "it stays the same event");
            assert_eq!(body(&pdu).is_some(), shown, "{visibility}: {:?}", body(&world.pdu(event_id)));
        }
        let list = world
            .rooms
            .serve_backfill(&*read, bobs_server(), &room, std::slice::from_ref(&inside), 5)
            .expect("serves");
        let bodies: Vec<bool> = read_list(&world, &room, &list)
            .iter()
            .filter(|pdu| !pdu.is_state())
            .map(|pdu| body(pdu).is_some())
            .collect();
        assert_eq!(bodies, [shown[2], shown[1], shown[0]], "{visibility}");
        // By date, only what is shown whole is found.
        let from_ms = world.pdu(&before).origin_server_ts();
        let found = world
            .rooms
            .serve_event_by_timestamp(&*read, bobs_server(), &room, from_ms, Direction::Forward)
            .expect("finds");
        let first = match visibility {
            "joined" => &join,
            "invited" => invite.event_id(),
            _ => &before,
        };
        assert_eq!(found.event_id, *first, "{visibility}");
    }
}

#[test]
fn a_request_names_only_so_many_events() {
    let world = World::new();
    let room = room_with(&world, "11", "shared");
    let join = bob_is(&world, &room, "join");
    let many = vec![join; 1_001];
    let read = world.rooms.store.read();
    let refused = world.rooms.serve_backfill(&*read, bobs_server(), &room, &many, 10);
    assert!(matches!(refused, Err(ServeError::InvalidParam(_))));
    let between = MissingBetween { earliest: &many, latest: &[], limit: 10, min_depth: 0 };
    let refused = world.rooms.serve_missing_events(&*read, bobs_server(), &room, &between);
    assert!(matches!(refused, Err(ServeError::InvalidParam(_))));
}

#[test]
fn spaces_are_told_with_what_can_be_entered() {
    let world = World::new();
    let alice = world.user("alice");
    let new = |preset, creation: Value| NewRoom {
        preset: Some(preset),
        creation_content: creation.as_object().cloned().unwrap_or_default(),
        ..NewRoom::default()
    };
    let space = world.create(&alice, new(Preset::PublicChat, json!({ "type": "m.space" })));
    let open = world.create(&alice, new(Preset::PublicChat, json!({})));
    let closed = world.create(&alice, new(Preset::PrivateChat, json!({})));
    for (child, suggested) in [(open.as_str(), true), (closed.as_str(), false), ("!x:c.example", false)] {
        let content = json!({ "via": ["a.example"], "suggested": suggested });
        world.set(&alice, &space, "m.space.child", child, content).expect("sets");
    }
    let serve = |room: &OwnedRoomId, suggested_only| {
        let read = world.rooms.store.read();
        world.rooms.serve_hierarchy(&*read, bobs_server(), room, suggested_only)
    };
    let served = serve(&space, false).expect("serves");
    assert_eq!(served.room.summary.room_id, space);
    assert_eq!(served.room.children_state.len(), 3);
    assert_eq!(served.children.iter().map(|child| &child.room_id).collect::<Vec<_>>(), [&open]);
    assert_eq!(served.inaccessible_children, std::slice::from_ref(&closed));
    assert_eq!(serve(&space, true).expect("serves").room.children_state.len(), 1);
    assert!(matches!(serve(&closed, false), Err(ServeError::NotFound(_))));
    let content = json!({ "membership": "invite" });
    let invite =
        after(&world, &closed, None, &alice.user_id, "m.room.member", Some(bob_id().as_str()), content);
    ingest(&world, &invite);
    assert!(serve(&closed, false).is_ok());
    assert_eq!(serve(&space, false).expect("serves").inaccessible_children, [] as [OwnedRoomId; 0]);
}
