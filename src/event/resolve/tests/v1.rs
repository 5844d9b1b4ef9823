//! State resolution of room version 1, case by case.

use std::collections::HashSet;

use ruma::OwnedEventId;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::split;
use crate::{
    factory::{Agreed, Fork, World, member, message, state, version},
    resolve::{Conflict, StateMap, resolve},
};

fn resolved(world: &World, forks: &[&Fork]) -> StateMap {
    let states: Vec<&StateMap> = forks.iter().map(|fork| &fork.state).collect();
    let (agreed, forks) = split(&states);
    let conflict = Conflict {
        room_version: world.version,
        forks,
        auth_difference: HashSet::new(),
        subgraph: HashSet::new(),
    };
    let source = Agreed { world, entries: agreed };
    let resolved = resolve(&conflict, &source).expect("resolves");
    let mut state = source.entries;
    state.extend(resolved);
    state
}

fn topic(state: &StateMap) -> Option<&OwnedEventId> {
    state.get(&("m.room.topic".into(), String::new()))
}

fn set_topic<'a>(sender: &'a str, topic: &str) -> crate::factory::Say<'a> {
    state(sender, "m.room.topic", "", json!({ "topic": topic }))
}

fn world() -> (World, Fork) {
    let world = World::new(version("1"));
    let fork = world.room(json!({}));
    (world, fork)
}

#[test]
fn the_deepest_wins() {
    let (world, start) = world();
    let (mut left, mut right) = (start.clone(), start);
    world.put(&mut left, set_topic("@mod:a", "left"));
    world.put(&mut right, message("@mod:a", "m.room.message", json!({})));
    let deepest = world.put(&mut right, set_topic("@mod:a", "right"));
    assert_eq!(topic(&resolved(&world, &[&left, &right])), Some(deepest.event_id()));
    assert_eq!(topic(&resolved(&world, &[&right, &left])), Some(deepest.event_id()));
}

#[test]
fn at_equal_depth_the_lowest_hash_wins() {
    let (world, start) = world();
    let mut forks = Vec::new();
    let mut topics = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let mut fork = start.clone();
        topics.push(world.put(&mut fork, set_topic("@mod:a", name)).event_id().clone());
        forks.push(fork);
    }
    let lowest = topics.iter().min_by_key(|event_id| Sha1::digest(event_id.as_bytes()));
    assert_eq!(topic(&resolved(&world, &forks.iter().collect::<Vec<_>>())), lowest);
}

#[test]
fn what_the_resolved_state_forbids_loses() {
    let (world, start) = world();
    let (mut left, mut right) = (start.clone(), start);
    let allowed = world.put(&mut left, set_topic("@mod:a", "left"));
    world.put(&mut right, message("@mod:a", "m.room.message", json!({})));
    world.put(&mut right, set_topic("@bob:b", "deeper, but bob has no power"));
    assert_eq!(topic(&resolved(&world, &[&left, &right])), Some(allowed.event_id()));
}

#[test]
fn if_all_are_forbidden_the_oldest_stays() {
    let (world, start) = world();
    let (mut left, mut right) = (start.clone(), start);
    let oldest = world.put(&mut left, set_topic("@bob:b", "left"));
    world.put(&mut right, message("@mod:a", "m.room.message", json!({})));
    world.put(&mut right, set_topic("@bob:b", "right"));
    assert_eq!(topic(&resolved(&world, &[&left, &right])), Some(oldest.event_id()));
}

#[test]
fn what_only_one_fork_has_is_no_conflict() {
    let (world, start) = world();
    let (left, mut right) = (start.clone(), start);
    let only = world.put(&mut right, set_topic("@mod:a", "right"));
    assert_eq!(topic(&resolved(&world, &[&left, &right])), Some(only.event_id()));
}

#[test]
fn power_levels_come_first() {
    let (world, start) = world();
    let (mut left, mut right) = (start.clone(), start);
    // On the left the moderator loses power; on the right, nearer to the start, a lesser change is made.
    world.put(
        &mut right,
        state("@admin:a", "m.room.power_levels", "", json!({ "users": { "@admin:a": 100 }, "ban": 60 })),
    );
    world.put(&mut left, message("@mod:a", "m.room.message", json!({})));
    let later = world.put(
        &mut left,
        state("@admin:a", "m.room.power_levels", "", json!({ "users": { "@admin:a": 100 } })),
    );
    let before = world.put(&mut left, set_topic("@admin:a", "by the admin"));
    world.put(&mut right, message("@mod:a", "m.room.message", json!({})));
    world.put(&mut right, message("@mod:a", "m.room.message", json!({})));
    world.put(&mut right, set_topic("@mod:a", "deeper, but by one without power now"));
    let state = resolved(&world, &[&left, &right]);
    assert_eq!(state.get(&("m.room.power_levels".into(), String::new())), Some(later.event_id()));
    assert_eq!(topic(&state), Some(before.event_id()));
}

#[test]
fn members_are_resolved_by_the_join_rules_before_them() {
    let (world, start) = world();
    let (mut left, mut right) = (start.clone(), start);
    let rule = |rule: &str| json!({ "join_rule": rule });
    // Both forks changed the join rule; the deeper one, by the same admin, makes the room private.
    world.put(&mut left, state("@admin:a", "m.room.join_rules", "", rule("public")));
    let invited = world.put(&mut left, member("@admin:a", "@carol:b", "invite"));
    world.put(&mut right, message("@bob:b", "m.room.message", json!({})));
    let private = world.put(&mut right, state("@admin:a", "m.room.join_rules", "", rule("private")));
    world.put(&mut right, member("@carol:b", "@carol:b", "join"));
    let state = resolved(&world, &[&left, &right]);
    assert_eq!(state.get(&("m.room.join_rules".into(), String::new())), Some(private.event_id()));
    assert_eq!(state.get(&("m.room.member".into(), "@carol:b".to_owned())), Some(invited.event_id()));
}
