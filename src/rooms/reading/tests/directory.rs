//! The directory and room summaries.

use kith_store::tables::aliases::PUBLISHED;
use ruma::{RoomId, directory::RoomTypeFilter};
use serde_json::json;

use super::{TestRoom, World, history, member, state};
use crate::{ReadError, Viewer, directory::DirectoryRequest};

const CREATOR: &str = "@creator:a.example";

fn set(world: &mut World, room: &mut TestRoom, kind: &str, content: serde_json::Value) {
    world.write(room, state(CREATOR, kind, "", content));
}

fn public(world: &mut World, id: &str, name: &str, members: usize) -> TestRoom {
    let mut room = world.room(id, json!({}));
    set(world, &mut room, "m.room.join_rules", json!({ "join_rule": "public" }));
    set(world, &mut room, "m.room.name", json!({ "name": name }));
    for number in 1..members {
        world.write(&mut room, member(&format!("@member{number}:a.example"), "join"));
    }
    publish(world, &room, true);
    room
}

fn publish(world: &World, room: &TestRoom, published: bool) {
    let mut txn = world.store().begin();
    let key = (String::new(), room.sid);
    match published {
        true => PUBLISHED.put(&mut txn.batch, &key, &()),
        false => PUBLISHED.delete(&mut txn.batch, &key),
    }
    world.store().commit_durably(txn).expect("commits");
}

fn names(world: &World, request: &DirectoryRequest) -> Vec<String> {
    let page = world.rooms.public_rooms(request).expect("a page");
    page.chunk.into_iter().map(|room| room.name.expect("has a name")).collect()
}

fn search(term: &str) -> DirectoryRequest {
    DirectoryRequest { search: Some(term.to_owned()), ..DirectoryRequest::default() }
}

#[test]
fn pages_both_ways() {
    let mut world = World::new();
    for (number, members) in [3, 1, 5, 4, 2, 2].into_iter().enumerate() {
        public(&mut world, &format!("r{number}"), &format!("{members} {number}"), members);
    }
    let expected = ["5 2", "4 3", "3 0", "2 4", "2 5", "1 1"];
    for limit in 1..8 {
        let mut pages = Vec::new();
        let mut request = DirectoryRequest { limit: Some(limit), ..DirectoryRequest::default() };
        let last = loop {
            let page = world.rooms.public_rooms(&request).expect("a page");
            assert_eq!(page.total, 6);
            assert_eq!(page.prev_batch.is_none(), pages.is_empty());
            pages.push(names(&world, &request));
            match page.next_batch {
                Some(next) => request.since = Some(next),
                None => break page,
            }
        };
        assert_eq!(pages.concat(), expected, "limit {limit}");
        let mut previous = last.prev_batch;
        for earlier in pages.iter().rev().skip(1) {
            request.since = Some(previous.expect("there are earlier pages"));
            assert_eq!(&names(&world, &request), earlier, "limit {limit}");
            previous = world.rooms.public_rooms(&request).expect("a page").prev_batch;
        }
        assert_eq!(previous, None, "limit {limit}");
    }
}

#[test]
fn searching() {
    let mut world = World::new();
    let mut cats = public(&mut world, "cats", "Katzen & Füße", 3);
    set(&mut world, &mut cats, "m.room.topic", json!({ "topic": "ÜBER Tiere" }));
    let mut tokyo = public(&mut world, "tokyo", "東京の天気予報", 2);
    set(&mut world, &mut tokyo, "m.room.canonical_alias", json!({ "alias": "#wetter:a.example" }));
    assert_eq!(names(&world, &search("katzen")), ["Katzen & Füße"]);
    assert_eq!(names(&world, &search("über KATZEN")), ["Katzen & Füße"]);
    assert_eq!(names(&world, &search("天気")), ["東京の天気予報"]);
    assert_eq!(names(&world, &search("#wetter")), ["東京の天気予報"]);
    assert!(names(&world, &search("katzen 天気")).is_empty());
    assert_eq!(names(&world, &search(" ")).len(), 2);
}

#[test]
fn the_index_follows_the_rooms() {
    let mut world = World::new();
    let mut room = public(&mut world, "room", "one", 2);
    let all = DirectoryRequest::default();
    assert_eq!(names(&world, &all), ["one"]);
    set(&mut world, &mut room, "m.room.name", json!({ "name": "two" }));
    assert_eq!(names(&world, &all), ["two"]);
    // Neither can anybody join it nor read it.
    set(&mut world, &mut room, "m.room.join_rules", json!({ "join_rule": "invite" }));
    assert!(names(&world, &all).is_empty());
    world.write(&mut room, history("world_readable"));
    assert_eq!(names(&world, &all), ["two"]);
    publish(&world, &room, false);
    assert!(names(&world, &all).is_empty());
}

#[test]
fn by_type() {
    let mut world = World::new();
    public(&mut world, "room", "a room", 2);
    let mut space = world.room("space", json!({ "type": "m.space" }));
    set(&mut world, &mut space, "m.room.join_rules", json!({ "join_rule": "knock" }));
    set(&mut world, &mut space, "m.room.name", json!({ "name": "a space" }));
    publish(&world, &space, true);
    let of = |room_types| DirectoryRequest { room_types, ..DirectoryRequest::default() };
    assert_eq!(names(&world, &of(vec![RoomTypeFilter::Space])), ["a space"]);
    assert_eq!(names(&world, &of(vec![RoomTypeFilter::Default])), ["a room"]);
    assert_eq!(names(&world, &of(vec![RoomTypeFilter::Default, RoomTypeFilter::Space])).len(), 2);
}

#[test]
fn summaries_for_those_who_may_know() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    set(&mut world, &mut room, "m.room.name", json!({ "name": "secret" }));
    let ask = |world: &World, viewer: &Viewer, name: &str| {
        let read = world.store().read();
        world.rooms.room_summary(&*read, <&RoomId>::try_from(name).expect("an id"), viewer)
    };
    let known = ask(&world, &world.viewer(CREATOR), "!room:a.example").expect("a member may know");
    assert_eq!(known.summary.name.as_deref(), Some("secret"));
    assert_eq!(known.membership.map(|membership| membership.as_str()), Some("join"));
    assert_eq!(known.summary.room_version.map(|version| version.to_string()).as_deref(), Some("11"));
    let stranger = Viewer::stranger();
    for viewer in [&world.viewer("@other:a.example"), &stranger] {
        assert!(matches!(ask(&world, viewer, "!room:a.example"), Err(ReadError::NotFound(_))));
    }
    world.write(&mut room, member("@guest:a.example", "invite"));
    assert!(ask(&world, &world.viewer("@guest:a.example"), "!room:a.example").is_ok());
    set(&mut world, &mut room, "m.room.join_rules", json!({ "join_rule": "public" }));
    let public = ask(&world, &stranger, "!room:a.example").expect("anybody may know");
    assert_eq!(public.membership, None);
    assert_eq!(public.summary.num_joined_members, ruma::UInt::from(1_u32));
    assert!(matches!(ask(&world, &stranger, "!nothing:a.example"), Err(ReadError::NotFound(_))));
}

#[test]
fn a_redacted_name_is_forgotten() {
    let mut world = World::new();
    let mut room = public(&mut world, "room", "oops", 2);
    let all = DirectoryRequest::default();
    assert_eq!(names(&world, &all), ["oops"]);
    let name = room.events[3];
    let draft = super::Draft { redacts: Some(name), ..super::message(CREATOR, json!({})) };
    world.write(&mut room, draft);
    let page = world.rooms.public_rooms(&all).expect("a page");
    assert_eq!(page.chunk[0].name, None);
}
