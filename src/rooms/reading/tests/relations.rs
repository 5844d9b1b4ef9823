//! `/relations` and `/threads`.

use kith_store::Direction;
use ruma::EventId;
use serde_json::{Value, json};

use super::{Draft, TestRoom, World, history, ids, member, message, text, value};
use crate::{
    ReadError,
    relations::{RelationsPage, RelationsRequest},
    threads::ThreadsRequest,
    tokens::Token,
};

const VIEWER: &str = "@viewer:a.example";
const CREATOR: &str = "@creator:a.example";

const ALL: RelationsRequest<'static> = RelationsRequest {
    from: None,
    to: None,
    direction: Direction::Backward,
    limit: 50,
    rel_type: None,
    kind: None,
    recurse: false,
};

fn related(sender: &str, rel_type: &str, parent: &str) -> Draft {
    message(sender, json!({ "body": "x", "m.relates_to": { "rel_type": rel_type, "event_id": parent } }))
}

fn relations(world: &World, room: &TestRoom, parent: &str, request: &RelationsRequest<'_>) -> RelationsPage {
    let read = world.store().read();
    let parent = EventId::parse(parent).expect("an id");
    world.rooms.relations(&*read, &room.id, &parent, &world.viewer(VIEWER), request).expect("found")
}

#[test]
fn children_in_pages_of_any_size() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let root = world.write(&mut room, text(CREATOR, "root"));
    let root = world.id(root);
    let mut expected = Vec::new();
    for number in 0..7 {
        let rel_type = if number % 3 == 0 { "m.annotation" } else { "m.thread" };
        let event = world.write(&mut room, related(CREATOR, rel_type, &root));
        expected.push((rel_type, world.id(event)));
    }
    let backward: Vec<String> = expected.iter().rev().map(|(_, id)| id.clone()).collect();
    let threaded: Vec<String> =
        expected.iter().filter(|(kind, _)| *kind == "m.thread").map(|(_, id)| id.clone()).collect();
    for limit in 1..9 {
        for (direction, rel_type, expected) in
            [(Direction::Backward, None, &backward), (Direction::Forward, Some("m.thread"), &threaded)]
        {
            let (mut found, mut from) = (Vec::new(), None);
            loop {
                let request = RelationsRequest { from, direction, rel_type, limit, ..ALL };
                let page = relations(&world, &room, &root, &request);
                found.extend(ids(&page.chunk));
                from = page.next_batch;
                if from.is_none() {
                    break;
                }
            }
            assert_eq!(&found, expected, "limit {limit}");
        }
    }
    let other = RelationsRequest { kind: Some("m.sticker"), ..ALL };
    assert!(relations(&world, &room, &root, &other).chunk.is_empty());
}

#[test]
fn recursion_finds_what_relates_to_what_relates() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let root = world.write(&mut room, text(CREATOR, "root"));
    let mut chain = vec![world.id(root)];
    for _ in 0..5 {
        let parent = chain.last().expect("not empty").clone();
        let event = world.write(&mut room, related(CREATOR, "m.annotation", &parent));
        chain.push(world.id(event));
    }
    let page = relations(&world, &room, &chain[0], &RelationsRequest { recurse: true, ..ALL });
    assert_eq!(page.recursion_depth, Some(3));
    assert_eq!(ids(&page.chunk), [chain[3].clone(), chain[2].clone(), chain[1].clone()]);
    assert_eq!(relations(&world, &room, &chain[0], &ALL).recursion_depth, None);
}

#[test]
fn what_cannot_be_seen_has_no_relations() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, history("joined"));
    let root = world.write(&mut room, text(CREATOR, "root"));
    let root = world.id(root);
    world.write(&mut room, member(VIEWER, "join"));
    world.write(&mut room, related(CREATOR, "m.annotation", &root));
    let read = world.store().read();
    let parent = EventId::parse(root).expect("an id");
    let found = world.rooms.relations(&*read, &room.id, &parent, &world.viewer(VIEWER), &ALL);
    assert!(matches!(found, Err(ReadError::NotFound(_))));
}

#[test]
fn threads_by_their_newest_event() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let roots: Vec<String> = (0..5)
        .map(|_| {
            let root = world.write(&mut room, text(CREATOR, "root"));
            world.id(root)
        })
        .collect();
    for root in &roots {
        world.write(&mut room, related(CREATOR, "m.thread", root));
    }
    world.write(&mut room, related(VIEWER, "m.thread", &roots[1]));
    let expected = [1, 4, 3, 2, 0].map(|at: usize| roots[at].clone());
    let all = |limit, participated| {
        let read = world.store().read();
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let request = ThreadsRequest { from, limit, participated };
            let page =
                world.rooms.threads(&*read, &room.id, &world.viewer(VIEWER), &request).expect("a page");
            found.extend(ids(&page.chunk));
            from = page.next_batch.map(|token| Token::parse(&token.to_string()).expect("our own token"));
            if from.is_none() {
                return found;
            }
        }
    };
    for limit in 1..7 {
        assert_eq!(all(limit, false), expected, "limit {limit}");
        assert_eq!(all(limit, true), roots[1..2], "limit {limit}");
    }
}

#[test]
fn the_root_of_an_ignored_user_comes_redacted() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let root = world.write(&mut room, text("@troll:a.example", "boo"));
    let root = world.id(root);
    world.write(&mut room, related(CREATOR, "m.thread", &root));
    let mut viewer = world.viewer(VIEWER);
    viewer.ignored = std::sync::Arc::new([world.user("@troll:a.example")].into());
    let read = world.store().read();
    let request = ThreadsRequest { from: None, limit: 5, participated: false };
    let page = world.rooms.threads(&*read, &room.id, &viewer, &request).expect("a page");
    let shown: Vec<Value> = page.chunk.iter().map(|event| value(event)).collect();
    assert_eq!(shown[0]["event_id"], root);
    assert_eq!(shown[0]["content"], json!({}));
    assert_eq!(shown[0]["unsigned"]["m.relations"]["m.thread"]["count"], 1);
}
