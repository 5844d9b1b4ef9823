//! Paging through a room: every visible event exactly once, whatever the limit, the direction and the forks.

use kith_store::{
    Direction, Position,
    tables::{events::Verdict, events::get_meta},
};
use proptest::prelude::*;
use serde_json::json;

use super::{Draft, TestRoom, World, history, ids, member, text};
use crate::{
    ReadError,
    filter::RoomEventFilter,
    timeline::{Moment, PageRequest},
    tokens::{Place, Token},
};

const VIEWER: &str = "@viewer:a.example";
const CREATOR: &str = "@creator:a.example";

fn request(from: Option<Token>, direction: Direction, limit: usize) -> PageRequest {
    PageRequest { from, to: None, direction, limit, filter: RoomEventFilter::default() }
}

/// Every page from one end to the other, as ids.
fn pages(
    world: &World,
    room: &TestRoom,
    from: Option<Token>,
    direction: Direction,
    limit: usize,
) -> Vec<String> {
    let viewer = world.viewer(VIEWER);
    let read = world.store().read();
    let mut found = Vec::new();
    let mut next = from;
    for _ in 0..1_000 {
        let page = world
            .rooms
            .messages(&*read, &room.id, &viewer, &request(next, direction, limit))
            .expect("a page");
        assert!(page.chunk.len() <= limit);
        found.extend(ids(&page.chunk));
        match page.end {
            // Tokens go through the client as text.
            Some(end) => next = Some(Token::parse(&end.to_string()).expect("our own token")),
            None => return found,
        }
    }
    panic!("paging does not end");
}

/// The visible events in topological order.
fn visible(world: &World, room: &TestRoom) -> Vec<String> {
    let read = world.store().read();
    let shown = world.rooms.visible(&*read, room.sid, &world.viewer(VIEWER), &room.events).expect("reads");
    let mut events: Vec<_> = room
        .events
        .iter()
        .zip(shown)
        .filter(|(_, shown)| *shown)
        .map(|(event, _)| {
            let meta = get_meta(&*read, *event).expect("is there");
            (meta.depth, meta.place.expect("has a place").order, world.id(*event))
        })
        .collect();
    events.sort();
    events.into_iter().map(|(_, _, id)| id).collect()
}

/// What happens, and how much lower than the room's depth the event stands: forks that arrive late.
fn story() -> impl Strategy<Value = Vec<(u8, u64)>> {
    prop::collection::vec((0_u8..8, 0_u64..4), 0..40)
}

fn tell(world: &mut World, story: &[(u8, u64)]) -> TestRoom {
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    for (number, (kind, lower)) in story.iter().enumerate() {
        let depth = (number as u64 + 4).saturating_sub(*lower);
        let draft = match kind {
            0 => history("joined"),
            1 => history("shared"),
            2 => member(VIEWER, "leave"),
            3 => member(VIEWER, "join"),
            4 => Draft { verdict: Verdict::SoftFailed, ..text(CREATOR, "hidden") },
            _ => text(CREATOR, "shown"),
        };
        // State stays in line, or the oracle of states would have to resolve forks.
        let depth = if matches!(kind, 0..=3) { None } else { Some(depth) };
        world.write(&mut room, Draft { depth, ..draft });
    }
    // Whoever is in the room pages through all of it.
    world.write(&mut room, member(VIEWER, "join"));
    room
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_once_in_both_directions(story in story(), limit in 1_usize..9) {
        let mut world = World::new();
        let room = tell(&mut world, &story);
        let mut expected = visible(&world, &room);
        prop_assert_eq!(&pages(&world, &room, None, Direction::Forward, limit), &expected);
        expected.reverse();
        prop_assert_eq!(&pages(&world, &room, None, Direction::Backward, limit), &expected);
    }

    #[test]
    fn a_gap_parts_the_room_in_two(story in story(), limit in 1_usize..9, depth in 0_u64..40) {
        let mut world = World::new();
        let room = tell(&mut world, &story);
        let gap = Some(Token::below(Place { depth, order: i64::MIN }));
        let mut both = pages(&world, &room, gap, Direction::Backward, limit);
        both.reverse();
        both.extend(pages(&world, &room, gap, Direction::Forward, limit));
        prop_assert_eq!(both, visible(&world, &room));
    }

    #[test]
    fn a_stream_token_parts_what_had_arrived_from_what_came_later(story in story(), at in 0_usize..40) {
        let mut world = World::new();
        let room = tell(&mut world, &story);
        let at = room.events[at.min(room.events.len() - 1)];
        let read = world.store().read();
        let position = |event| get_meta(&*read, event).expect("is there").place.expect("placed").position.expect("live");
        let token = Some(Token::Stream(position(at)));
        // One page that holds everything: only a first page knows what a stream token means.
        let page = |direction| {
            let request = request(token, direction, 500);
            let page = world.rooms.messages(&*read, &room.id, &world.viewer(VIEWER), &request).expect("a page");
            ids(&page.chunk)
        };
        let expected = visible(&world, &room);
        let earlier = |event: &&String| {
            let event = room.events.iter().find(|known| world.id(**known) == **event).expect("known");
            position(*event) <= position(at)
        };
        let mut backward = page(Direction::Backward);
        backward.reverse();
        prop_assert_eq!(backward, expected.iter().filter(earlier).cloned().collect::<Vec<_>>());
        let later: Vec<_> = expected.iter().filter(|event| !earlier(event)).cloned().collect();
        prop_assert_eq!(page(Direction::Forward), later);
    }
}

#[test]
fn paging_goes_on_over_a_desert_of_hidden_events() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    let first = world.write(&mut room, text(CREATOR, "first"));
    world.write(&mut room, member(VIEWER, "join"));
    for _ in 0..4_500 {
        world.write(&mut room, Draft { verdict: Verdict::SoftFailed, ..text(CREATOR, "hidden") });
    }
    let page = {
        let read = world.store().read();
        let request = request(None, Direction::Backward, 5);
        world.rooms.messages(&*read, &room.id, &world.viewer(VIEWER), &request).expect("a page")
    };
    assert!(page.chunk.is_empty() && page.end.is_some());
    assert!(pages(&world, &room, None, Direction::Backward, 5).contains(&world.id(first)));
}

#[test]
fn the_departed_page_back_from_where_they_left() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let before = world.write(&mut room, text(CREATOR, "before"));
    let left = world.write(&mut room, member(VIEWER, "leave"));
    world.write(&mut room, text(CREATOR, "after"));
    let read = world.store().read();
    let page = world
        .rooms
        .messages(&*read, &room.id, &world.viewer(VIEWER), &request(None, Direction::Backward, 2))
        .expect("a page");
    assert_eq!(ids(&page.chunk), [world.id(left), world.id(before)]);
    let outsider = world.viewer("@outsider:a.example");
    let refused = world.rooms.messages(&*read, &room.id, &outsider, &request(None, Direction::Backward, 2));
    assert!(matches!(refused, Err(ReadError::Forbidden)));
}

#[test]
fn what_comes_later_is_had_forward_from_the_start() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let page = |world: &World, room: &TestRoom, from, direction| {
        let read = world.store().read();
        let request = request(from, direction, 3);
        world.rooms.messages(&*read, &room.id, &world.viewer(VIEWER), &request).expect("a page")
    };
    let start = page(&world, &room, None, Direction::Backward).start;
    assert!(page(&world, &room, Some(start), Direction::Forward).chunk.is_empty());
    let later = world.write(&mut room, text(CREATOR, "later"));
    assert_eq!(ids(&page(&world, &room, Some(start), Direction::Forward).chunk), [world.id(later)]);
}

#[test]
fn between_two_tokens() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let since = world.store().visible();
    let events: Vec<_> = (0..6).map(|_| world.write(&mut room, text(CREATOR, "hello"))).collect();
    let read = world.store().read();
    let request = PageRequest {
        from: Some(Token::Stream(world.store().visible())),
        to: Some(Token::Stream(since)),
        ..request(None, Direction::Backward, 50)
    };
    let page = world.rooms.messages(&*read, &room.id, &world.viewer(VIEWER), &request).expect("a page");
    let expected: Vec<_> = events.iter().rev().map(|event| world.id(*event)).collect();
    assert_eq!(ids(&page.chunk), expected);
    let nothing = PageRequest { to: request.from, from: Some(Token::Stream(Position::START)), ..request };
    let page = world.rooms.messages(&*read, &room.id, &world.viewer(VIEWER), &nothing).expect("a page");
    assert!(page.chunk.is_empty() && page.end.is_none());
}

#[test]
fn the_surroundings_of_an_event() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let events: Vec<_> = (0..7).map(|_| world.write(&mut room, text(CREATOR, "hello"))).collect();
    let read = world.store().read();
    let viewer = world.viewer(VIEWER);
    let id = |at: usize| world.id(events[at]);
    let filter = RoomEventFilter { lazy_load_members: true, ..RoomEventFilter::default() };
    let event_id = world.store().ids().event_id(events[3]).expect("known");
    let context = world.rooms.context(&*read, &room.id, &event_id, &viewer, 4, &filter).expect("found");
    assert_eq!(ids(&context.events_before), [id(2), id(1)]);
    assert_eq!(ids(std::slice::from_ref(&context.event)), [id(3)]);
    assert_eq!(ids(&context.events_after), [id(4), id(5)]);
    // Of the two members only the one who wrote is needed.
    assert_eq!(context.state.len(), 2);
    let page = |from, direction| {
        let page = world.rooms.messages(&*read, &room.id, &viewer, &request(Some(from), direction, 1));
        ids(&page.expect("a page").chunk)
    };
    assert_eq!(page(context.start, Direction::Backward), [id(0)]);
    assert_eq!(page(context.end, Direction::Forward), [id(6)]);
    let alone = world.rooms.context(&*read, &room.id, &event_id, &viewer, 0, &filter).expect("found");
    assert!(alone.events_before.is_empty() && alone.events_after.is_empty());
    assert_eq!(page(alone.start, Direction::Backward), [id(2)]);
}

#[test]
fn an_event_by_its_date() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let first = world.write(&mut room, text(CREATOR, "one"));
    let first_ms = world.clock.now_ms();
    world.write(&mut room, Draft { verdict: Verdict::SoftFailed, ..text(CREATOR, "hidden") });
    let second = world.write(&mut room, text(CREATOR, "two"));
    let read = world.store().read();
    let viewer = world.viewer(VIEWER);
    let find = |ms, direction| {
        let moment = Moment { timestamp_ms: ms, direction };
        world.rooms.event_by_timestamp(&*read, &room.id, &viewer, moment)
    };
    let id = |found: Result<crate::timeline::Found, ReadError>| found.expect("found").event_id.to_string();
    assert_eq!(id(find(first_ms, Direction::Forward)), world.id(first));
    assert_eq!(id(find(first_ms, Direction::Backward)), world.id(first));
    assert_eq!(id(find(first_ms + 1, Direction::Forward)), world.id(second));
    assert_eq!(id(find(u64::MAX, Direction::Backward)), world.id(second));
    assert!(matches!(find(u64::MAX, Direction::Forward), Err(ReadError::NotFound(_))));
    assert!(matches!(find(0, Direction::Backward), Err(ReadError::NotFound(_))));
}
