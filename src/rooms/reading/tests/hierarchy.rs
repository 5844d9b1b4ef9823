//! Space hierarchies.

use serde_json::{Value, json};

use super::{TestRoom, World, member, state, value};
use crate::{
    ReadError,
    hierarchy::{HierarchyPage, HierarchyRequest},
};

const CREATOR: &str = "@creator:a.example";
const VIEWER: &str = "@viewer:a.example";

const ALL: HierarchyRequest<'static> =
    HierarchyRequest { from: None, limit: 50, max_depth: None, suggested_only: false };

fn make(world: &mut World, name: &str, kind: Option<&str>, join_rule: Value) -> TestRoom {
    let create = kind.map_or(json!({}), |kind| json!({ "type": kind }));
    let mut room = world.room(name, create);
    world.write(&mut room, state(CREATOR, "m.room.join_rules", "", join_rule));
    room
}

fn public(world: &mut World, name: &str, kind: Option<&str>) -> TestRoom {
    make(world, name, kind, json!({ "join_rule": "public" }))
}

fn child(world: &mut World, space: &mut TestRoom, child: &str, content: Value) {
    let mut content = content;
    content["via"] = json!(["a.example"]);
    world.write(space, state(CREATOR, "m.space.child", &format!("!{child}:a.example"), content));
}

fn walk(world: &World, space: &TestRoom, request: &HierarchyRequest<'_>) -> Result<HierarchyPage, ReadError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(world.rooms.hierarchy(space.id.clone(), world.viewer(VIEWER), request))
}

fn names(page: &HierarchyPage) -> Vec<String> {
    let name = |id: &str| id.trim_start_matches('!').split(':').next().unwrap_or_default().to_owned();
    page.rooms.iter().map(|room| name(room.summary.room_id.as_str())).collect()
}

/// A space with rooms and another space in it, and a loop.
fn tree(world: &mut World) -> TestRoom {
    let mut top = public(world, "top", Some("m.space"));
    let mut inner = public(world, "inner", Some("m.space"));
    for name in ["first", "last", "leaf"] {
        public(world, name, None);
    }
    make(world, "hidden", None, json!({ "join_rule": "invite" }));
    child(world, &mut top, "last", json!({}));
    child(world, &mut top, "inner", json!({ "order": "b" }));
    child(world, &mut top, "first", json!({ "order": "a", "suggested": true }));
    child(world, &mut top, "hidden", json!({ "order": "aa" }));
    child(world, &mut top, "unknown", json!({ "order": "ab" }));
    child(world, &mut inner, "leaf", json!({}));
    child(world, &mut inner, "top", json!({}));
    top
}

#[test]
fn depth_first_in_order_and_in_pages() {
    let mut world = World::new();
    let top = tree(&mut world);
    let expected = ["top", "first", "inner", "leaf", "last"];
    assert_eq!(names(&walk(&world, &top, &ALL).expect("a page")), expected);
    for limit in 1..7 {
        let (mut found, mut from) = (Vec::new(), None::<String>);
        loop {
            let page = walk(&world, &top, &HierarchyRequest { from: from.as_deref(), limit, ..ALL })
                .expect("a page");
            found.extend(names(&page));
            match page.next_batch {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        assert_eq!(found, expected, "limit {limit}");
    }
    let shallow = HierarchyRequest { max_depth: Some(1), ..ALL };
    assert_eq!(names(&walk(&world, &top, &shallow).expect("a page")), ["top", "first", "inner", "last"]);
    let suggested = HierarchyRequest { suggested_only: true, ..ALL };
    let page = walk(&world, &top, &suggested).expect("a page");
    assert_eq!(names(&page), ["top", "first"]);
    assert_eq!(page.rooms[0].children_state.len(), 1);
    let first = value(&page.rooms[0].children_state[0]);
    assert_eq!(first["state_key"], "!first:a.example");
    assert!(first["origin_server_ts"].is_u64() && first.get("event_id").is_none());
}

#[test]
fn what_a_page_was_asked_for_cannot_change() {
    let mut world = World::new();
    let top = tree(&mut world);
    let page = walk(&world, &top, &HierarchyRequest { limit: 1, ..ALL }).expect("a page");
    let from = page.next_batch.expect("there is more");
    let changed = HierarchyRequest { from: Some(&from), suggested_only: true, ..ALL };
    assert!(matches!(walk(&world, &top, &changed), Err(ReadError::InvalidParam(_))));
    let unknown = HierarchyRequest { from: Some("nonsense"), ..ALL };
    assert!(matches!(walk(&world, &top, &unknown), Err(ReadError::UnknownToken(_))));
}

#[test]
fn children_come_and_go() {
    let mut world = World::new();
    let mut top = tree(&mut world);
    assert_eq!(walk(&world, &top, &ALL).expect("a page").rooms.len(), 5);
    world.write(&mut top, state(CREATOR, "m.space.child", "!first:a.example", json!({})));
    assert_eq!(names(&walk(&world, &top, &ALL).expect("a page")), ["top", "inner", "leaf", "last"]);
    public(&mut world, "new", None);
    child(&mut world, &mut top, "new", json!({ "order": "a" }));
    assert_eq!(names(&walk(&world, &top, &ALL).expect("a page")), ["top", "new", "inner", "leaf", "last"]);
}

#[test]
fn restricted_rooms_show_to_members_of_what_they_allow() {
    let mut world = World::new();
    let mut club = make(&mut world, "club", None, json!({ "join_rule": "invite" }));
    let allow = json!([{ "type": "m.room_membership", "room_id": club.id }]);
    let space =
        make(&mut world, "space", Some("m.space"), json!({ "join_rule": "restricted", "allow": allow }));
    assert!(matches!(walk(&world, &space, &ALL), Err(ReadError::Forbidden)));
    world.write(&mut club, member(VIEWER, "join"));
    assert_eq!(names(&walk(&world, &space, &ALL).expect("a page")), ["space"]);
}
