//! Coming into rooms that other servers are in, and what is known of a room without a place in it.

use kith_event::{Pdu, VerifiedPdu, build};
use kith_store::{
    EventSid,
    tables::{
        edges::BACKWARD_EDGES,
        events::{EVENT_META, Verdict, get_meta},
        members::Membership,
        rooms::TIMELINE,
    },
};
use ruma::OwnedRoomId;
use serde_json::json;

use super::{
    World,
    forks::{after, ingest, newest, sid},
};
use crate::{
    WriteError,
    commit::RoomWrite,
    create::{NewRoom, Preset},
    ingest::Ingested,
    receive::handover::Handover,
};

/// Every event of a room that arrived live, oldest first.
pub(super) fn timeline(world: &World, room: &OwnedRoomId) -> Vec<Pdu> {
    let room = world.rooms.room(room).expect("reads").expect("known").sid;
    let rows = TIMELINE.scan(world.rooms.store.engine(), &room, kith_store::Direction::Forward);
    rows.map(|row| world.rooms.pdu(row.expect("reads").1).expect("reads")).collect()
}

pub(super) fn state_events(world: &World, room: &OwnedRoomId) -> Vec<Pdu> {
    let room = world.rooms.room(room).expect("reads").expect("known").sid;
    let entries = world.rooms.current_state(room).expect("reads").entries().expect("reads");
    entries.into_iter().map(|(_, event)| world.rooms.pdu(event).expect("reads")).collect()
}

fn verified(pdus: impl IntoIterator<Item = Pdu>) -> Vec<VerifiedPdu> {
    pdus.into_iter().map(VerifiedPdu::of_own).collect()
}

/// The room of one world handed over to another, where a user called Bob joins.
pub(super) fn hand_over(from: &World, room: &OwnedRoomId, to: &World) -> Handover {
    let user = &to.user("bob").user_id;
    let content = json!({ "membership": "join" });
    let join = after(from, room, None, user, "m.room.member", Some(user.as_str()), content);
    let join = build::sign(&join, &to.name, &to.rooms.signing_key).expect("signs");
    let handover = Handover {
        room_id: room.clone(),
        version: from.rooms.room(room).expect("reads").expect("known").version,
        event: VerifiedPdu::of_own(join.clone()),
        state: verified(state_events(from, room)),
        // Newest first, so that the order has to be found.
        auth_chain: verified(timeline(from, room).into_iter().filter(Pdu::is_state).rev()),
        part: None,
    };
    assert_eq!(ingest(from, &join).verdict, Verdict::Accepted);
    handover
}

pub(super) fn public_room(world: &World, version: &str) -> OwnedRoomId {
    let new =
        NewRoom { version: Some(version.to_owned()), preset: Some(Preset::PublicChat), ..NewRoom::default() };
    world.create(&world.user("alice"), new)
}

fn edges(world: &World) -> Vec<EventSid> {
    let rows = BACKWARD_EDGES.scan(world.rooms.store.engine(), &(), kith_store::Direction::Forward);
    rows.map(|row| row.expect("reads").0.2).collect()
}

#[test]
fn a_room_is_taken_over_with_its_state_and_goes_on() {
    for version in ["1", "2", "3", "6", "8", "11", "12"] {
        let (here, there) = (World::named("b.example"), World::new());
        let (alice, bob) = (there.user("alice"), here.user("bob"));
        let room = public_room(&there, version);
        there.say(&alice, &room, "before");
        let handover = hand_over(&there, &room, &here);
        let join = handover.event.pdu().clone();
        let taken = here.rooms.take_over(handover).expect("takes over");
        assert_eq!(taken.verdict, Verdict::Accepted, "{version}");
        here.assert_sound();
        assert_eq!(here.membership(&bob, &room), Some(Membership::Join));
        assert_eq!(here.membership(&here.requester(&alice.user_id), &room), Some(Membership::Join));
        assert_eq!(here.state_content(&room, "m.room.join_rules", "")["join_rule"], "public");
        let sid_here = here.rooms.room(&room).expect("reads").expect("known").sid;
        assert_eq!(here.rooms.heads(sid_here).expect("reads").joined, 2);
        assert_eq!(edges(&here), [taken.event], "history is missing below the join");
        assert_eq!(timeline(&here, &room).len(), 1);

        // Each side goes on, and understands the other.
        let hello = here.say(&bob, &room, "hello");
        assert_eq!(here.pdu(&hello).prev_events(), [join.event_id().clone()]);
        assert_eq!(ingest(&there, &here.pdu(&hello)).verdict, Verdict::Accepted);
        let answer = there.say(&alice, &room, "hello bob");
        assert_eq!(ingest(&here, &there.pdu(&answer)).verdict, Verdict::Accepted);
        assert_eq!(newest(&here, &room), answer);
        for world in [&here, &there] {
            world.assert_sound();
        }
        let here = here.reopen();
        here.assert_sound();
    }
}

#[test]
fn an_event_without_a_place_gets_one_when_it_comes() {
    let (here, there) = (World::named("b.example"), World::new());
    let alice = there.user("alice");
    let room = public_room(&there, "11");
    let before = timeline(&there, &room);
    let taken = here.rooms.take_over(hand_over(&there, &room, &here)).expect("takes over");
    let last = before.last().expect("has events");
    let meta = |pdu: &Pdu| get_meta(here.rooms.store.engine(), sid(&here, pdu.event_id())).expect("reads");
    assert!(meta(last).place.is_none());

    // What the join follows comes late, and whole: it gets its place and is no newest event.
    let room_of = here.rooms.room(&room).expect("reads").expect("known");
    let extremities = here.rooms.heads(room_of.sid).expect("reads").extremities;
    let mut write = RoomWrite::open(&here.rooms, room_of.clone()).expect("opens");
    let given = before[..before.len() - 1].iter().map(|pdu| pdu.event_id().clone()).collect::<Vec<_>>();
    let given = write.state_of(&given).expect("a state");
    assert_eq!(given.left_out, [""; 0]);
    let judged = crate::ingest::judge_at(
        &mut write,
        VerifiedPdu::of_own(last.clone()),
        given.root,
        crate::ingest::Against::CurrentState,
    );
    write.append(judged.expect("judges"), None).expect("appends");
    here.rooms.commit([write], here.rooms.store.begin()).expect("commits").wait_durable().expect("durable");
    assert!(meta(last).place.expect("has a place").position.is_some());
    assert_eq!(here.rooms.heads(room_of.sid).expect("reads").extremities, extremities);
    // The edge has moved down to it.
    assert_eq!(edges(&here), [sid(&here, last.event_id())]);
    assert_ne!(edges(&here), [taken.event]);
    here.assert_sound();
    there.say(&alice, &room, "on");
    assert_eq!(ingest(&here, timeline(&there, &room).last().expect("said")).verdict, Verdict::Accepted);
    here.assert_sound();
}

#[test]
fn history_is_placed_below_and_nobody_is_told() {
    let (here, there) = (World::named("b.example"), World::new());
    let alice = there.user("alice");
    let room = public_room(&there, "12");
    for text in ["one", "two"] {
        there.say(&alice, &room, text);
    }
    let before = timeline(&there, &room);
    here.rooms.take_over(hand_over(&there, &room, &here)).expect("takes over");
    let position = here.rooms.store.visible();
    for pdu in &before {
        let room_of = here.rooms.room(&room).expect("reads").expect("known");
        let mut write = RoomWrite::open(&here.rooms, room_of).expect("opens");
        let against = crate::ingest::Against::ItsOwnTime;
        let judged = crate::ingest::judge(&mut write, VerifiedPdu::of_own(pdu.clone()), against);
        write.append_history(judged.expect("judges")).expect("appends");
        let committed = here.rooms.commit([write], here.rooms.store.begin()).expect("commits");
        committed.wait_durable().expect("durable");
        here.assert_sound();
        let meta = get_meta(here.rooms.store.engine(), sid(&here, pdu.event_id())).expect("reads");
        assert_eq!(meta.verdict, Verdict::Accepted, "{:?}", meta.reason);
        assert!(meta.is_history());
    }
    assert_eq!(here.rooms.store.visible(), position);
    assert_eq!(edges(&here), [EventSid(0); 0], "the whole history is here");
    assert_eq!(timeline(&here, &room).len(), 1);
}

#[test]
fn whoever_comes_back_leaves_behind_what_they_knew() {
    let (here, there) = (World::named("b.example"), World::new());
    let (alice, bob) = (there.user("alice"), here.user("bob"));
    let room = public_room(&there, "11");
    here.rooms.take_over(hand_over(&there, &room, &here)).expect("takes over");
    here.rooms.leave(&bob, &room, None).expect("leaves");
    let leave = timeline(&here, &room).pop().expect("left");
    assert_eq!(ingest(&there, &leave).verdict, Verdict::Accepted);
    there.set(&alice, &room, "m.room.topic", "", json!({ "topic": "new" })).expect("sets");
    let again = here.rooms.take_over(hand_over(&there, &room, &here)).expect("takes over");
    let sid_here = here.rooms.room(&room).expect("reads").expect("known").sid;
    assert_eq!(here.rooms.heads(sid_here).expect("reads").extremities, [again.event]);
    assert_eq!(here.state_content(&room, "m.room.topic", "")["topic"], "new");
    assert_eq!(here.membership(&bob, &room), Some(Membership::Join));
    here.assert_sound();
    here.say(&bob, &room, "back");
    here.assert_sound();
}

#[test]
fn what_cannot_be_trusted_is_not_taken_over() {
    let (here, there) = (World::named("b.example"), World::new());
    let (alice, bob) = (there.user("alice"), here.user("bob"));
    let room = public_room(&there, "11");
    let handover = || Handover {
        room_id: room.clone(),
        version: there.rooms.room(&room).expect("reads").expect("known").version,
        event: VerifiedPdu::of_own(after(
            &there,
            &room,
            None,
            &bob.user_id,
            "m.room.member",
            Some(bob.user_id.as_str()),
            json!({ "membership": "join" }),
        )),
        state: verified(state_events(&there, &room)),
        auth_chain: Vec::new(),
        part: None,
    };
    let refused = |handover: Handover| -> WriteError {
        let error = here.rooms.take_over(handover).expect_err("is refused");
        assert!(here.rooms.room(&room).expect("reads").is_none(), "nothing is written");
        error
    };
    let without_create = Handover { state: Vec::new(), ..handover() };
    assert!(matches!(refused(without_create), WriteError::Malformed(_)));
    let mut twice = handover();
    let first = there.set(&alice, &room, "m.room.topic", "", json!({ "topic": "1" })).expect("sets");
    let second = there.set(&alice, &room, "m.room.topic", "", json!({ "topic": "2" })).expect("sets");
    twice.state.extend(verified([there.pdu(&first), there.pdu(&second)]));
    assert!(matches!(refused(twice), WriteError::Malformed(_)));
    there.set(&alice, &room, "m.room.join_rules", "", json!({ "join_rule": "invite" })).expect("closes");
    let closed = Handover { state: verified(state_events(&there, &room)), ..handover() };
    assert!(matches!(refused(closed), WriteError::Refused(_) | WriteError::Malformed(_)));
}

#[test]
fn a_redaction_that_waits_takes_an_event_without_a_place() {
    let (here, there) = (World::named("b.example"), World::new());
    let alice = there.user("alice");
    let room = public_room(&there, "11");
    here.rooms.take_over(hand_over(&there, &room, &here)).expect("takes over");
    let topic = there.set(&alice, &room, "m.room.topic", "", json!({ "topic": "secret" })).expect("sets");
    let whole = there.pdu(&topic);
    let redaction = there.rooms.redact(&alice, &room, &topic, None, None).expect("redacts");
    // The redaction is here before what it redacts.
    let room_of = here.rooms.room(&room).expect("reads").expect("known");
    let mut write = RoomWrite::open(&here.rooms, room_of.clone()).expect("opens");
    let root = write.heads.state;
    let against = crate::ingest::Against::CurrentState;
    let redaction = VerifiedPdu::of_own(there.pdu(&redaction));
    let judged = crate::ingest::judge_at(&mut write, redaction, root, against).expect("judges");
    assert_eq!(Ingested::of(&judged).verdict, Verdict::Accepted);
    write.append(judged, None).expect("appends");
    write.store_outliers(verified([whole.clone()])).expect("stores");
    here.rooms.commit([write], here.rooms.store.begin()).expect("commits").wait_durable().expect("durable");
    assert_eq!(here.pdu(&topic).content_text(), "{}");
    // It stays empty when it gets its place.
    assert_eq!(ingest(&here, &whole).verdict, Verdict::Accepted);
    assert_eq!(here.pdu(&topic).content_text(), "{}");
    let meta = EVENT_META.get(here.rooms.store.engine(), &sid(&here, &topic)).expect("reads");
    assert!(meta.is_some_and(|meta| meta.place.is_some() && meta.redacted_by.is_some()));
    here.assert_sound();
}

#[test]
fn a_large_room_is_taken_over_whole() {
    let (here, there) = (World::named("b.example"), World::new());
    let room = public_room(&there, "11");
    for number in 0..200 {
        there.join(&there.user(&format!("user{number}")), &room);
    }
    let taken = here.rooms.take_over(hand_over(&there, &room, &here)).expect("takes over");
    assert_eq!(taken.verdict, Verdict::Accepted);
    let sid_here = here.rooms.room(&room).expect("reads").expect("known").sid;
    assert_eq!(here.rooms.heads(sid_here).expect("reads").joined, 202);
    assert_eq!(here.rooms.joined_servers(sid_here).expect("reads").len(), 2);
    here.assert_sound();
}
