//! Forks: events that do not know of each other, in whatever order they arrive.

use kith_event::{Pdu, VerifiedPdu, build::Draft};
use kith_store::{
    EventSid,
    tables::{
        events::{Verdict, get_meta},
        members::Membership,
        rooms::TIMELINE,
    },
};
use ruma::{OwnedEventId, OwnedRoomId, UserId, events::StateEventType, user_id};
use serde_json::{Value, json};

use super::{World, raw};
use crate::{
    commit::RoomWrite,
    create::{NewRoom, Preset},
    ingest::{IngestError, Ingested},
    room::Room,
};

/// The user of the other server.
pub(super) fn bob_id() -> &'static UserId {
    user_id!("@bob:b.example")
}

/// A room with a user of another server in it, who may set its topic.
pub(super) fn room_with_bob(world: &World, version: &str) -> OwnedRoomId {
    let alice = world.user("alice");
    let mut levels = serde_json::Map::new();
    levels.insert("events".to_owned(), json!({ "m.room.topic": 0, "m.room.name": 50 }));
    let new = NewRoom {
        version: Some(version.to_owned()),
        preset: Some(Preset::PublicChat),
        power_level_override: levels,
        ..NewRoom::default()
    };
    let room = world.create(&alice, new);
    let join = after(
        world,
        &room,
        None,
        bob_id(),
        "m.room.member",
        Some(bob_id().as_str()),
        json!({ "membership": "join" }),
    );
    assert_eq!(ingest(world, &join).verdict, Verdict::Accepted);
    room
}

/// An event as its sender would build it who knows of nothing behind `prev`; by default, of everything.
pub(super) fn after(
    world: &World,
    room: &OwnedRoomId,
    prev: Option<&OwnedEventId>,
    sender: &UserId,
    kind: &str,
    state_key: Option<&str>,
    content: Value,
) -> Pdu {
    let draft = Draft {
        kind: kind.into(),
        state_key: state_key.map(str::to_owned),
        content: raw(&content),
        redacts: None,
        sticky_ms: None,
    };
    built_after(world, room, prev, sender, draft)
}

/// The same, of a draft.
pub(super) fn built_after(
    world: &World,
    room: &OwnedRoomId,
    prev: Option<&OwnedEventId>,
    sender: &UserId,
    draft: Draft,
) -> Pdu {
    let room = world.rooms.room(room).expect("reads").expect("known");
    let mut write = RoomWrite::open(&world.rooms, room).expect("opens");
    if let Some(prev) = prev {
        let prev = sid(world, prev);
        let place = get_meta(world.rooms.store.engine(), prev).expect("reads").place.expect("placed");
        write.heads.extremities = vec![prev];
        write.heads.state = place.state_after;
    }
    world.clock.advance(std::time::Duration::from_millis(1));
    write.build(draft, sender, world.clock.now_ms()).expect("builds")
}

pub(super) fn sid(world: &World, event_id: &ruma::EventId) -> EventSid {
    world.rooms.store.ids().find_event(event_id).expect("reads").expect("known")
}

pub(super) fn ingest(world: &World, pdu: &Pdu) -> Ingested {
    world.rooms.ingest(VerifiedPdu::of_own(pdu.clone())).expect("ingests")
}

pub(super) fn newest(world: &World, room: &OwnedRoomId) -> OwnedEventId {
    let room = world.rooms.room(room).expect("reads").expect("known").sid;
    let heads = world.rooms.heads(room).expect("reads");
    world.rooms.store.ids().event_id(heads.extremities[0]).expect("reads")
}

#[test]
fn forks_meet_in_the_next_event() {
    for version in ["1", "2", "6", "11", "12"] {
        let world = World::new();
        let alice = world.user("alice");
        let room = room_with_bob(&world, version);
        let fork = newest(&world, &room);
        let topic = after(
            &world,
            &room,
            Some(&fork),
            bob_id(),
            "m.room.topic",
            Some(""),
            json!({ "topic": "Bob's" }),
        );
        world.set(&alice, &room, "m.room.name", "", json!({ "name": "Alice's" })).expect("names");
        assert_eq!(ingest(&world, &topic).verdict, Verdict::Accepted);
        let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
        assert_eq!(world.rooms.heads(sid).expect("reads").extremities.len(), 2);
        assert_eq!(world.state_content(&room, "m.room.topic", "")["topic"], "Bob's");
        assert_eq!(world.state_content(&room, "m.room.name", "")["name"], "Alice's");
        world.assert_sound();
        let merged = world.say(&alice, &room, "together");
        assert_eq!(world.pdu(&merged).prev_events().len(), 2);
        assert_eq!(world.rooms.heads(sid).expect("reads").extremities.len(), 1);
        assert_eq!(ingest(&world, &topic).verdict, Verdict::Accepted);
        world.assert_sound();
    }
}

#[test]
fn what_was_allowed_once_and_no_longer_is_soft_failed() {
    let world = World::new();
    let alice = world.user("alice");
    let room = room_with_bob(&world, "11");
    let fork = newest(&world, &room);
    let topic =
        after(&world, &room, Some(&fork), bob_id(), "m.room.topic", Some(""), json!({ "topic": "late" }));
    let message =
        after(&world, &room, Some(&fork), bob_id(), "m.room.message", None, json!({ "body": "late" }));
    world.rooms.ban(&alice, &room, bob_id(), None).expect("bans");
    for pdu in [&topic, &message] {
        let ingested = ingest(&world, pdu);
        assert_eq!(ingested.verdict, Verdict::SoftFailed);
        assert!(ingested.reason.is_some());
        assert_eq!(ingest(&world, pdu), ingested);
    }
    assert!(world.state(&room, "m.room.topic", "").is_none());
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    assert_eq!(world.rooms.heads(sid).expect("reads").extremities.len(), 1);
    let bob = world.requester(bob_id());
    assert_eq!(world.membership(&bob, &room), Some(Membership::Ban));
    // Whoever follows a soft-failed event follows what it follows.
    let leave = json!({ "membership": "leave" });
    let rejected = after(&world, &room, None, bob_id(), "m.room.member", Some(bob_id().as_str()), leave);
    assert_eq!(ingest(&world, &rejected).verdict, Verdict::Rejected);
    world.say(&alice, &room, "on");
    world.assert_sound();
}

#[test]
fn missing_events_are_named() {
    let world = World::new();
    let room = room_with_bob(&world, "11");
    let first = after(&world, &room, None, bob_id(), "m.room.topic", Some(""), json!({ "topic": "1" }));
    let twin = World::new();
    replay(&world, &twin, &room);
    ingest(&world, &first);
    let second = after(&world, &room, None, bob_id(), "m.room.topic", Some(""), json!({ "topic": "2" }));
    let error = twin.rooms.ingest(VerifiedPdu::of_own(second.clone())).expect_err("misses something");
    match error {
        IngestError::Missing(missing) => {
            assert_eq!(missing.prev, [first.event_id().clone()]);
            assert_eq!(missing.auth, [] as [OwnedEventId; 0]);
        }
        other => panic!("{other}"),
    }
    ingest(&twin, &first);
    assert_eq!(ingest(&twin, &second).verdict, Verdict::Accepted);
    twin.assert_sound();
}

/// Founds the room of one world in another, with all its events.
fn replay(from: &World, to: &World, room: &OwnedRoomId) {
    let source = from.rooms.room(room).expect("reads").expect("known");
    let rows = TIMELINE.scan(from.rooms.store.engine(), &source.sid, kith_store::Direction::Forward);
    let pdus: Vec<Pdu> = rows.map(|row| from.rooms.pdu(row.expect("reads").1).expect("reads")).collect();
    let (create, rest) = pdus.split_first().expect("has a create event");
    let ids = to.rooms.store.ids();
    let sid = ids.room(room).expect("interns");
    let founded = Room {
        sid,
        id: room.clone(),
        version: source.version,
        create: ids.event(create.event_id()).expect("interns"),
    };
    let mut write = RoomWrite::begin(&to.rooms, founded);
    write.accept(create.clone(), None).expect("founds");
    to.rooms.commit([write], to.rooms.store.begin()).expect("commits").wait_durable().expect("durable");
    for pdu in rest {
        assert_eq!(ingest(to, pdu).verdict, Verdict::Accepted);
    }
}

#[test]
fn any_order_ends_in_the_same_state() {
    for version in ["1", "2", "10", "12"] {
        let world = World::new();
        let alice = world.user("alice");
        let room = room_with_bob(&world, version);
        let fork = newest(&world, &room);
        let topic = |text: &str, sender: &UserId| {
            after(&world, &room, Some(&fork), sender, "m.room.topic", Some(""), json!({ "topic": text }))
        };
        let mut levels = world.state_content(&room, "m.room.power_levels", "");
        levels["events"]["m.room.topic"] = 50.into();
        let concurrent = [
            topic("Bob's", bob_id()),
            topic("Alice's", &alice.user_id),
            after(&world, &room, Some(&fork), &alice.user_id, "m.room.power_levels", Some(""), levels),
            topic("Bob's other", bob_id()),
        ];
        let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]];
        let mut ends: Vec<(Option<OwnedEventId>, OwnedEventId)> = Vec::new();
        for order in orders {
            let twin = World::new();
            replay(&world, &twin, &room);
            let verdicts: Vec<Verdict> =
                order.iter().map(|index| ingest(&twin, &concurrent[*index]).verdict).collect();
            twin.assert_sound();
            // What soft fails depends on the order; the state after all of them must not. An event that follows them
            // all brings the soft-failed ones in.
            let room_of = twin.rooms.room(&room).expect("reads").expect("known");
            let mut write = RoomWrite::open(&twin.rooms, room_of).expect("opens");
            let events: Vec<EventSid> = concurrent.iter().map(|pdu| sid(&twin, pdu.event_id())).collect();
            let root = crate::state_before::after_all(&mut write, &events, None).expect("resolves");
            let of = |kind: StateEventType| {
                let pdu = write.state_pdu(root, &kind, "").expect("reads");
                pdu.map(|pdu| pdu.event_id().clone())
            };
            let levels = of(StateEventType::RoomPowerLevels).expect("has power levels");
            ends.push((of(StateEventType::RoomTopic), levels));
            assert!(verdicts.contains(&Verdict::Accepted));
        }
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{version}: {ends:?}");
        assert_eq!(ends[0].1, *concurrent[2].event_id(), "{version}");
    }
}
