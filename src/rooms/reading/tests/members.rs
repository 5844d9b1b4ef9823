//! Members now, then and at a token; heroes; shared rooms.

use kith_store::tables::members::Membership;
use ruma::UserId;
use serde_json::json;

use super::{TestRoom, World, member, state, text, value};
use crate::{ReadError, members::MembersRequest, tokens::Token};

const VIEWER: &str = "@viewer:a.example";
const CREATOR: &str = "@creator:a.example";
const OTHER: &str = "@other:a.example";

fn who(world: &World, room: &TestRoom, viewer: &str, request: &MembersRequest) -> Vec<String> {
    let read = world.store().read();
    let members = world.rooms.members(&*read, &room.id, &world.viewer(viewer), request).expect("reads");
    let key =
        |event: &serde_json::value::RawValue| value(event)["state_key"].as_str().expect("a key").to_owned();
    let mut users: Vec<String> = members.iter().map(|event| key(event)).collect();
    users.sort();
    users
}

#[test]
fn members_by_membership_and_moment() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let then = Token::Stream(world.store().visible());
    world.write(&mut room, member(OTHER, "join"));
    world.write(&mut room, member(OTHER, "leave"));
    let all = MembersRequest::default();
    assert_eq!(who(&world, &room, VIEWER, &all), [CREATOR, OTHER, VIEWER]);
    let joined = MembersRequest { membership: Some(Membership::Join), ..all };
    assert_eq!(who(&world, &room, VIEWER, &joined), [CREATOR, VIEWER]);
    let not_joined = MembersRequest { not_membership: Some(Membership::Join), ..all };
    assert_eq!(who(&world, &room, VIEWER, &not_joined), [OTHER]);
    let either =
        MembersRequest { membership: Some(Membership::Join), not_membership: Some(Membership::Leave), ..all };
    assert_eq!(who(&world, &room, VIEWER, &either), [CREATOR, VIEWER]);
    assert_eq!(who(&world, &room, VIEWER, &MembersRequest { at: Some(then), ..all }), [CREATOR, VIEWER]);

    world.write(&mut room, member(VIEWER, "leave"));
    world.write(&mut room, member("@late:a.example", "join"));
    assert_eq!(who(&world, &room, VIEWER, &all), [CREATOR, OTHER, VIEWER]);
    let read = world.store().read();
    let refused = world.rooms.joined_members(&*read, &room.id, &world.viewer(VIEWER), None);
    assert!(matches!(refused, Err(ReadError::Forbidden)));
    let now = Token::Stream(world.store().visible());
    let late = MembersRequest { at: Some(now), ..all };
    let refused = world.rooms.members(&*read, &room.id, &world.viewer(VIEWER), &late);
    assert!(matches!(refused, Err(ReadError::Forbidden)));
}

#[test]
fn joined_members_with_their_profiles() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    let content = json!({ "membership": "join", "displayname": "Other", "avatar_url": "mxc://a.example/x" });
    world.write(&mut room, state(OTHER, "m.room.member", OTHER, content));
    world.write(&mut room, member(VIEWER, "invite"));
    let read = world.store().read();
    let mut members =
        world.rooms.joined_members(&*read, &room.id, &world.viewer(OTHER), None).expect("reads");
    members.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    let users: Vec<&str> = members.iter().map(|member| member.user_id.as_str()).collect();
    assert_eq!(users, [CREATOR, OTHER]);
    assert_eq!(members[1].display_name.as_deref(), Some("Other"));
    assert_eq!(members[1].avatar_url.as_deref(), Some("mxc://a.example/x"));
    assert_eq!(members[0].display_name, None);
}

#[test]
fn heroes_are_the_first_others() {
    let mut world = World::new();
    let mut room = world.room("room", json!({}));
    world.write(&mut room, member(VIEWER, "join"));
    let names = |world: &World, viewer: &str| -> Vec<String> {
        let read = world.store().read();
        let heroes = world.rooms.heroes(&*read, room.sid, world.user(viewer)).expect("reads");
        heroes.iter().map(|user| world.store().ids().user_id(*user).expect("known").to_string()).collect()
    };
    assert_eq!(names(&world, VIEWER), [CREATOR]);
    let mut again = TestRoom { sid: room.sid, id: room.id.clone(), events: Vec::new() };
    for number in 0..6 {
        world.write(&mut again, member(&format!("@member{number}:a.example"), "invite"));
    }
    let expected: Vec<String> = (0..4).map(|number| format!("@member{number}:a.example")).collect();
    assert_eq!(names(&world, VIEWER), [vec![CREATOR.to_owned()], expected].concat());
    for number in 0..6 {
        world.write(&mut again, member(&format!("@member{number}:a.example"), "leave"));
    }
    world.write(&mut again, member(CREATOR, "leave"));
    assert_eq!(names(&world, VIEWER).len(), 5);
    let root = world.rooms.heads(room.sid).expect("reads").state;
    assert!(!world.rooms.has_name(room.sid, root).expect("reads"));
    world.write(&mut again, state(CREATOR, "m.room.name", "", json!({ "name": "named" })));
    let root = world.rooms.heads(room.sid).expect("reads").state;
    assert!(world.rooms.has_name(room.sid, root).expect("reads"));
}

#[test]
fn shared_rooms() {
    let mut world = World::new();
    let mut shared = world.room("shared", json!({}));
    let mut other = world.room("other", json!({}));
    world.write(&mut shared, member(VIEWER, "join"));
    world.write(&mut other, member(VIEWER, "invite"));
    world.write(&mut other, text(CREATOR, "hi"));
    let read = world.store().read();
    let rooms = |user: &str| {
        let user = UserId::parse(user).expect("a user id");
        world.rooms.mutual_rooms(&*read, world.user(VIEWER), &user, None).expect("reads")
    };
    assert_eq!(rooms(CREATOR).joined, [shared.id.clone()]);
    assert_eq!(rooms(CREATOR).count, 1);
    assert!(rooms("@nobody:a.example").joined.is_empty());
    let user = UserId::parse(CREATOR).expect("a user id");
    let bad = world.rooms.mutual_rooms(&*read, world.user(VIEWER), &user, Some("what"));
    assert!(matches!(bad, Err(ReadError::UnknownToken(_))));
}
