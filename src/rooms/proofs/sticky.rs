//! Events that everybody in a room is to get for some time.

use std::time::Duration;

use kith_event::{Pdu, build::Draft};
use kith_store::{Position, tables::events::Verdict};
use ruma::{OwnedEventId, OwnedRoomId};
use serde_json::json;

use super::{
    World,
    forks::{after, bob_id, built_after, ingest, newest, room_with_bob, sid},
    handover::timeline,
    raw,
};

/// What Bob says who knows of nothing behind an event, for ten minutes.
fn sticky(world: &World, room: &OwnedRoomId, prev: &OwnedEventId, body: &str) -> Pdu {
    let draft = Draft::message("m.room.message".into(), raw(&json!({ "body": body })));
    built_after(world, room, Some(prev), bob_id(), Draft { sticky_ms: Some(600_000), ..draft })
}

/// How many events of a room are sticky.
fn in_sight(world: &World, room: &OwnedRoomId) -> usize {
    let room = world.rooms.room(room).expect("reads").expect("known").sid;
    let (view, until) = (world.rooms.store.read(), world.rooms.store.visible());
    world.rooms.sticky_events(&*view, room, Position::START, until, 100).expect("reads").len()
}

#[test]
fn what_was_refused_comes_in_once_the_room_allows_it() {
    let world = World::new();
    let alice = world.user("alice");
    let room = room_with_bob(&world, "11");
    let fork = newest(&world, &room);
    let early = sticky(&world, &room, &fork, "too early");
    world.clock.advance(Duration::from_millis(300_000));
    let late = sticky(&world, &room, &fork, "in the call");
    let plain =
        after(&world, &room, Some(&fork), bob_id(), "m.room.message", None, json!({ "body": "late" }));
    world.rooms.ban(&alice, &room, bob_id(), None).expect("bans");
    for pdu in [&early, &late, &plain] {
        assert_eq!(ingest(&world, pdu).verdict, Verdict::SoftFailed);
    }
    // What changes no authority changes nothing.
    world.set(&alice, &room, "m.room.name", "", json!({ "name": "tea" })).expect("names");
    assert_eq!((in_sight(&world, &room), ingest(&world, &late).verdict), (0, Verdict::SoftFailed));
    world.clock.advance(Duration::from_millis(400_000));
    world.rooms.unban(&alice, &room, bob_id(), None).expect("pardons");
    let join = json!({ "membership": "join" });
    let join = after(&world, &room, None, bob_id(), "m.room.member", Some(bob_id().as_str()), join);
    assert_eq!(ingest(&world, &join).verdict, Verdict::Accepted);
    // The time of the first is over, and the third was not to be kept in sight.
    assert_eq!(ingest(&world, &early).verdict, Verdict::SoftFailed);
    assert_eq!(ingest(&world, &late).verdict, Verdict::Accepted);
    assert_eq!(ingest(&world, &plain).verdict, Verdict::SoftFailed);
    assert_eq!(in_sight(&world, &room), 1);
    let ids: Vec<_> = timeline(&world, &room).iter().map(|pdu| pdu.event_id().clone()).collect();
    assert_eq!(ids.last(), Some(late.event_id()));
    assert!(!ids.contains(early.event_id()) && !ids.contains(plain.event_id()));
    world.say(&alice, &room, "on");
    world.assert_sound();
}

#[test]
fn rows_go_when_their_time_is_over() {
    let world = World::new();
    let room = room_with_bob(&world, "11");
    let fork = newest(&world, &room);
    let said = sticky(&world, &room, &fork, "in the call");
    assert_eq!(ingest(&world, &said).verdict, Verdict::Accepted);
    assert_eq!(in_sight(&world, &room), 1);
    let (event, view) = (sid(&world, said.event_id()), world.rooms.store.read());
    assert_eq!(world.rooms.sticky_for_ms(&*view, event, &said).expect("reads"), Some(600_000));
    world.clock.advance(Duration::from_millis(600_000));
    assert_eq!(in_sight(&world, &room), 0);
    assert_eq!(world.rooms.sticky_for_ms(&*view, event, &said).expect("reads"), None);
    let rows = || {
        let engine = world.rooms.store.engine();
        kith_store::tables::sticky::STICKY_STREAM.scan(engine, &(), kith_store::Direction::Forward).count()
    };
    assert_eq!(rows(), 1);
    world.rooms.sweep_sticky().expect("sweeps");
    assert_eq!(rows(), 0);
}
