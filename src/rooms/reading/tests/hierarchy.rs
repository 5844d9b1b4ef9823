//! Space hierarchies.

use ruma::{
    api::{IncomingResponseExt, federation::space::get_hierarchy::v1::Response},
    owned_room_id, room_id,
};
use serde_json::{Value, json};

use super::{TestRoom, World, member, state, value};
use crate::{
    ReadError,
    hierarchy::{
        HierarchyPage, HierarchyRequest, Walked,
        elsewhere::{Elsewhere, Told},
    },
};

const CREATOR: &str = "@creator:a.example";
const VIEWER: &str = "@viewer:a.example";

fn all() -> HierarchyRequest {
    let space = room_id!("!to-be-named:a.example").to_owned();
    HierarchyRequest { space, from: None, limit: 50, max_depth: None, suggested_only: false }
}

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

fn walk(world: &World, space: &TestRoom, request: &HierarchyRequest) -> Result<HierarchyPage, ReadError> {
    let walked = walk_knowing(world, space, request, &Elsewhere::default())?;
    walked.page.ok_or(ReadError::Forbidden)
}

fn walk_knowing(
    world: &World,
    space: &TestRoom,
    request: &HierarchyRequest,
    elsewhere: &Elsewhere,
) -> Result<Walked, ReadError> {
    let request = HierarchyRequest { space: space.id.clone(), ..request.clone() };
    world.rooms.walk(&*world.store().read(), &world.viewer(VIEWER), &request, elsewhere)
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
    assert_eq!(names(&walk(&world, &top, &all()).expect("a page")), expected);
    for limit in 1..7 {
        let (mut found, mut from) = (Vec::new(), None::<String>);
        loop {
            let page =
                walk(&world, &top, &HierarchyRequest { from: from.clone(), limit, ..all() }).expect("a page");
            found.extend(names(&page));
            match page.next_batch {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        assert_eq!(found, expected, "limit {limit}");
    }
    let shallow = HierarchyRequest { max_depth: Some(1), ..all() };
    assert_eq!(names(&walk(&world, &top, &shallow).expect("a page")), ["top", "first", "inner", "last"]);
    let suggested = HierarchyRequest { suggested_only: true, ..all() };
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
    let page = walk(&world, &top, &HierarchyRequest { limit: 1, ..all() }).expect("a page");
    let from = page.next_batch.expect("there is more");
    let changed = HierarchyRequest { from: Some(from.clone()), suggested_only: true, ..all() };
    assert!(matches!(walk(&world, &top, &changed), Err(ReadError::InvalidParam(_))));
    let unknown = HierarchyRequest { from: Some("nonsense".to_owned()), ..all() };
    assert!(matches!(walk(&world, &top, &unknown), Err(ReadError::UnknownToken(_))));
}

#[test]
fn children_come_and_go() {
    let mut world = World::new();
    let mut top = tree(&mut world);
    assert_eq!(walk(&world, &top, &all()).expect("a page").rooms.len(), 5);
    world.write(&mut top, state(CREATOR, "m.space.child", "!first:a.example", json!({})));
    assert_eq!(names(&walk(&world, &top, &all()).expect("a page")), ["top", "inner", "leaf", "last"]);
    public(&mut world, "new", None);
    child(&mut world, &mut top, "new", json!({ "order": "a" }));
    assert_eq!(names(&walk(&world, &top, &all()).expect("a page")), ["top", "new", "inner", "leaf", "last"]);
}

#[test]
fn restricted_rooms_show_to_members_of_what_they_allow() {
    let mut world = World::new();
    let mut club = make(&mut world, "club", None, json!({ "join_rule": "invite" }));
    let allow = json!([{ "type": "m.room_membership", "room_id": club.id }]);
    let space =
        make(&mut world, "space", Some("m.space"), json!({ "join_rule": "restricted", "allow": allow }));
    assert!(matches!(walk(&world, &space, &all()), Err(ReadError::Forbidden)));
    world.write(&mut club, member(VIEWER, "join"));
    assert_eq!(names(&walk(&world, &space, &all()).expect("a page")), ["space"]);
}

#[test]
fn rooms_elsewhere_are_asked_about_and_what_is_said_is_heeded() {
    let mut world = World::new();
    let mut top = public(&mut world, "top", Some("m.space"));
    for (name, order) in [("annex", "a"), ("here", "b"), ("attic", "c")] {
        let content = json!({ "order": order, "via": ["b.example", "c.example"] });
        world.write(&mut top, state(CREATOR, "m.space.child", &format!("!{name}:a.example"), content));
    }
    public(&mut world, "here", None);
    let mut elsewhere = Elsewhere::default();
    let walked = walk_knowing(&world, &top, &all(), &elsewhere).expect("a walk");
    let asked: Vec<&str> = walked.unknown.iter().map(|(room_id, _)| room_id.as_str()).collect();
    assert_eq!(asked, ["!annex:a.example", "!attic:a.example"]);
    assert_eq!(walked.unknown[0].1, ["b.example", "c.example"]);

    let room = |name: &str, rule: &str| {
        json!({
            "room_id": format!("!{name}:a.example"), "name": name, "join_rule": rule, "num_joined_members": 3,
            "world_readable": false, "guest_can_join": false,
        })
    };
    let child = |name: &str, content: Value| {
        json!({
            "type": "m.space.child", "state_key": format!("!{name}:a.example"), "sender": CREATOR,
            "origin_server_ts": 1, "content": content, "surplus": "dropped",
        })
    };
    let via = json!(["b.example"]);
    let mut annex = room("annex", "public");
    annex["room_type"] = json!("m.space");
    annex["children_state"] = json!([
        child("lobby", json!({ "via": via, "order": "z" })),
        child("cellar", json!({ "via": via, "order": "a" })),
        child("vault", json!({ "via": via })),
        child("nowhere", json!({ "via": [] })),
        json!({ "type": "m.room.topic", "state_key": "", "sender": CREATOR, "origin_server_ts": 1, "content": {} }),
    ]);
    let answer = json!({
        "room": annex,
        // Whoever may only come by invite does not learn of the vault.
        "children": [room("lobby", "public"), room("vault", "invite")],
        "inaccessible_children": ["!cellar:a.example"],
    });
    let answer = answer.to_string();
    let answer = http::Response::builder().body(answer.as_bytes()).expect("an answer");
    let told = Told::of(Response::try_from_http_response(answer).expect("reads"));
    elsewhere.learn(owned_room_id!("!annex:a.example"), Some(&told));
    elsewhere.learn(owned_room_id!("!attic:a.example"), None);
    let walked = walk_knowing(&world, &top, &all(), &elsewhere).expect("a walk");
    assert!(walked.unknown.is_empty(), "{:?}", walked.unknown);
    let page = walked.page.expect("a page");
    assert_eq!(names(&page), ["top", "annex", "lobby", "here"]);
    let shown: Vec<Value> = page.rooms[1].children_state.iter().map(|event| value(event)).collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert_eq!(shown[0]["state_key"], "!cellar:a.example");
    assert!(shown[0].get("surplus").is_none(), "{shown:?}");
}
