//! Coming and going.

use kith_accounts::Requester;
use kith_store::tables::members::Membership;
use ruma::{RoomId, room_id};
use serde_json::json;

use super::{World, initial};
use crate::{
    WriteError,
    create::{NewRoom, Preset},
    membership::{Joining, MembershipError},
};

fn refused<T: std::fmt::Debug>(result: Result<T, MembershipError>) -> bool {
    matches!(result, Err(MembershipError::Write(WriteError::Refused(_))))
}

#[test]
fn invited_joined_thrown_out_banned_and_back() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.create(&alice, NewRoom::default());
    assert!(refused(world.rooms.join(&bob, &room, Joining::default())));
    world.rooms.invite(&alice, &room, &bob.user_id, None).expect("invites");
    assert_eq!(world.membership(&bob, &room), Some(Membership::Invite));
    world.join(&bob, &room);
    assert!(refused(world.rooms.invite(&alice, &room, &bob.user_id, None)));
    assert!(refused(world.rooms.kick(&bob, &room, &alice.user_id, None)));
    world.rooms.kick(&alice, &room, &bob.user_id, Some("enough".to_owned())).expect("kicks");
    assert_eq!(world.membership(&bob, &room), Some(Membership::Leave));
    assert!(refused(world.rooms.kick(&alice, &room, &bob.user_id, None)));
    world.rooms.ban(&alice, &room, &bob.user_id, None).expect("bans");
    assert!(refused(world.rooms.invite(&alice, &room, &bob.user_id, None)));
    assert!(refused(world.rooms.join(&bob, &room, Joining::default())));
    world.rooms.unban(&alice, &room, &bob.user_id, None).expect("unbans");
    let again = world.rooms.unban(&alice, &room, &bob.user_id, None);
    assert!(matches!(again, Err(MembershipError::NotBanned(_))), "{again:?}");
    world.rooms.invite(&alice, &room, &bob.user_id, None).expect("invites");
    world.rooms.leave(&bob, &room, None).expect("declines");
    world.rooms.leave(&bob, &room, None).expect("has done so already");
    assert_eq!(world.membership(&bob, &room), Some(Membership::Leave));
    world.assert_sound();
}

#[test]
fn who_is_remembered_as_a_member_is_one() {
    let world = World::new();
    let users = ["alice", "bob", "carol", "dan"].map(|name| world.user(name));
    let [alice, bob, carol, dan] = &users;
    let room = world.public_room(alice);
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    let check = |expected: &[&Requester]| {
        let mut expected: Vec<_> = expected.iter().map(|user| user.user).collect();
        expected.sort_unstable();
        assert_eq!(world.rooms.local_joined(sid).expect("reads").to_vec(), expected);
        assert_eq!(world.rooms.users_with(sid, Membership::Join).expect("reads"), expected);
    };
    check(&[alice]);
    world.join(dan, &room);
    world.join(bob, &room);
    check(&[alice, bob, dan]);
    world.rooms.invite(alice, &room, &carol.user_id, None).expect("invites");
    check(&[alice, bob, dan]);
    world.join(carol, &room);
    world.rooms.leave(bob, &room, None).expect("leaves");
    check(&[alice, carol, dan]);
    world.rooms.ban(alice, &room, &dan.user_id, None).expect("bans");
    world.rooms.kick(alice, &room, &carol.user_id, None).expect("kicks");
    check(&[alice]);
    world.assert_sound();
}

#[test]
fn who_is_remembered_as_a_member_is_one() {
    let world = World::new();
    let users = ["alice", "bob", "carol", "dan"].map(|name| world.user(name));
    let [alice, bob, carol, dan] = &users;
    let room = world.public_room(alice);
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    let check = |expected: &[&Requester]| {
        let mut expected: Vec<_> = expected.iter().map(|user| user.user).collect();
        expected.sort_unstable();
        assert_eq!(world.rooms.local_joined(sid).expect("reads").to_vec(), expected);
        assert_eq!(world.rooms.users_with(sid, Membership::Join).expect("reads"), expected);
    };
    check(&[alice]);
    world.join(dan, &room);
    world.join(bob, &room);
    check(&[alice, bob, dan]);
    world.rooms.invite(alice, &room, &carol.user_id, None).expect("invites");
    check(&[alice, bob, dan]);
    world.join(carol, &room);
    world.rooms.leave(bob, &room, None).expect("leaves");
    check(&[alice, carol, dan]);
    world.rooms.ban(alice, &room, &dan.user_id, None).expect("bans");
    world.rooms.kick(alice, &room, &carol.user_id, None).expect("kicks");
    check(&[alice]);
    world.assert_sound();
}

#[test]
fn forgetting_needs_leaving_and_coming_back_remembers() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.public_room(&alice);
    world.join(&bob, &room);
    assert!(matches!(world.rooms.forget(&bob, &room), Err(MembershipError::StillThere)));
    world.rooms.leave(&bob, &room, None).expect("leaves");
    world.rooms.forget(&bob, &room).expect("forgets");
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    let record = || world.rooms.membership_record(bob.user, sid).expect("reads").expect("there");
    assert!(record().forgotten && record().was_joined);
    world.rooms.ban(&alice, &room, &bob.user_id, None).expect("bans");
    assert!(record().forgotten);
    world.rooms.unban(&alice, &room, &bob.user_id, None).expect("unbans");
    world.join(&bob, &room);
    assert!(!record().forgotten);
    world.rooms.forget(&world.user("carol"), room_id!("!nothing:a.example")).expect("nothing to forget");
    world.assert_sound();
}

#[test]
fn a_new_name_does_not_make_a_member_new() {
    let world = World::new();
    let alice = world.user("alice");
    let room = world.public_room(&alice);
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    let record = || world.rooms.membership_record(alice.user, sid).expect("reads").expect("there");
    let before = record();
    let named = json!({ "membership": "join", "displayname": "Alice" });
    world.set(&alice, &room, "m.room.member", alice.user_id.as_str(), named).expect("a new name");
    assert_ne!(record().event, before.event);
    assert_eq!(record().position, before.position, "what she has not read stays unread");
    world.rooms.leave(&alice, &room, None).expect("leaves");
    world.join(&alice, &room);
    assert!(record().position > before.position);
    world.assert_sound();
}

fn restricted_room(world: &World, version: &str, rule: &str, space: &RoomId) -> ruma::OwnedRoomId {
    let alice = world.user("alice");
    let allow = json!([{ "type": "m.room_membership", "room_id": space }]);
    let rules = json!({ "join_rule": rule, "allow": allow });
    world.create(
        &alice,
        NewRoom {
            version: Some(version.to_owned()),
            initial_state: vec![initial("m.room.join_rules", rules)],
            ..NewRoom::default()
        },
    )
}

#[test]
fn restricted_rooms_open_to_members_of_the_other_room() {
    for (version, rule) in [("8", "restricted"), ("11", "knock_restricted"), ("12", "restricted")] {
        let world = World::new();
        let (alice, bob, carol) = (world.user("alice"), world.user("bob"), world.user("carol"));
        let space = world.public_room(&alice);
        let room = restricted_room(&world, version, rule, &space);
        assert!(refused(world.rooms.join(&bob, &room, Joining::default())));
        world.join(&bob, &space);
        world.join(&bob, &room);
        let member = world.state_content(&room, "m.room.member", "@bob:a.example");
        assert_eq!(member["join_authorised_via_users_server"], "@alice:a.example", "{version}");
        // An invite needs nobody's word.
        world.rooms.invite(&alice, &room, &carol.user_id, None).expect("invites");
        world.join(&carol, &room);
        let member = world.state_content(&room, "m.room.member", "@carol:a.example");
        assert!(member.get("join_authorised_via_users_server").is_none());
        world.assert_sound();
    }
}

#[test]
fn knocking() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let closed = world.create(&alice, NewRoom::default());
    assert!(refused(world.rooms.knock(&bob, &closed, None)));
    let rules = json!({ "join_rule": "knock" });
    let new = NewRoom { initial_state: vec![initial("m.room.join_rules", rules)], ..NewRoom::default() };
    let room = world.create(&alice, new);
    world.rooms.knock(&bob, &room, Some("please".to_owned())).expect("knocks");
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    let record = world.rooms.membership_record(bob.user, sid).expect("reads").expect("knocked");
    assert_eq!(record.membership, Membership::Knock);
    assert!(record.stripped_state.is_some());
    world.rooms.invite(&alice, &room, &bob.user_id, None).expect("lets in");
    world.join(&bob, &room);
    world.assert_sound();
}

#[test]
fn guests_come_and_go_with_the_rooms_welcome() {
    let world = World::new();
    let alice = world.user("alice");
    let mut guest = world.user("1");
    guest.guest = true;
    let room = world.public_room(&alice);
    assert!(matches!(world.rooms.join(&guest, &room, Joining::default()), Err(MembershipError::NoGuests)));
    world
        .set(&alice, &room, "m.room.guest_access", "", json!({ "guest_access": "can_join" }))
        .expect("opens");
    world.join(&guest, &room);
    world.assert_sound();
}

#[test]
fn a_blocked_room_is_not_joined() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let room = world.public_room(&alice);
    let sid = world.rooms.room(&room).expect("reads").expect("known").sid;
    world.rooms.set_blocked(sid, true).expect("blocks");
    assert!(matches!(world.rooms.join(&bob, &room, Joining::default()), Err(MembershipError::Blocked)));
    world.rooms.set_blocked(sid, false).expect("unblocks");
    world.join(&bob, &room);
    let unknown = world.rooms.join(&bob, room_id!("!other:b.example"), Joining::default());
    assert!(matches!(unknown, Err(MembershipError::UnknownRoom)));
}

#[test]
fn member_events_sent_as_state_meet_the_same_rules() {
    let world = World::new();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let space = world.public_room(&alice);
    let room = restricted_room(&world, "12", "restricted", &space);
    let join = || world.set(&bob, &room, "m.room.member", "@bob:a.example", json!({ "membership": "join" }));
    assert!(join().is_err());
    world.join(&bob, &space);
    join().expect("joins");
    let nick = json!({ "membership": "join", "displayname": "Bobby" });
    world.set(&bob, &room, "m.room.member", "@bob:a.example", nick).expect("renames");
    assert!(world.set(&bob, &room, "m.room.member", "nobody", json!({ "membership": "join" })).is_err());
    assert!(
        world.set(&bob, &room, "m.room.member", "@bob:a.example", json!({ "membership": "dance" })).is_err()
    );
    let mut suspended = bob.clone();
    suspended.suspended = true;
    let leave = json!({ "membership": "leave" });
    world.set(&suspended, &room, "m.room.member", "@bob:a.example", leave).expect("leaves");
    world.assert_sound();
}

#[test]
fn a_profile_reaches_every_room_and_a_departure_leaves_them() {
    let world = World::new();
    world.rooms.accounts.create_user("bob", None, false).expect("is free");
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let rooms = [world.public_room(&alice), world.public_room(&alice)];
    for room in &rooms {
        world.join(&bob, room);
    }
    let named = world.rooms.accounts.set_profile_field(&bob, &bob.user_id, "displayname", &json!("Bob"));
    world.rooms.propagate_profile(&named.expect("may")).expect("propagates");
    for room in &rooms {
        assert_eq!(world.state_content(room, "m.room.member", "@bob:a.example")["displayname"], "Bob");
    }
    let private = world.create(&alice, NewRoom { preset: Some(Preset::PrivateChat), ..NewRoom::default() });
    world.rooms.invite(&alice, &private, &bob.user_id, None).expect("invites");
    assert_eq!(world.rooms.leave_all(bob.user).expect("leaves"), 0);
    assert!(world.rooms.joined_rooms(bob.user).expect("reads").is_empty());
    assert_eq!(world.membership(&bob, &private), Some(Membership::Leave));
    world.assert_sound();
}
