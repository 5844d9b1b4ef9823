//! State resolution: the parts that are read equal the whole, and the walks equal their definitions.

mod random;
mod v1;

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
};

use ruma::{
    OwnedEventId,
    events::StateEventType,
    state_res::{resolve as ruma_resolve, utils::event_id_set::EventIdSet},
};
use serde_json::json;

use super::{
    AuthNode, Conflict, ResolveError, Source, StateMap, auth_difference, conflicted_subgraph, needs_subgraph,
    resolve,
};
use crate::{
    Pdu, RoomVersion,
    factory::{Agreed, Fork, World, member, state, version},
};

/// Splits states into what they agree about and what they do not.
fn split(states: &[&StateMap]) -> (StateMap, Vec<StateMap>) {
    let keys: HashSet<&(StateEventType, String)> = states.iter().flat_map(|state| state.keys()).collect();
    let mut agreed = StateMap::new();
    let mut conflicted = vec![StateMap::new(); states.len()];
    for key in keys {
        let first = states[0].get(key);
        if states.iter().all(|state| state.get(key) == first) {
            agreed.extend(first.map(|event_id| (key.clone(), event_id.clone())));
            continue;
        }
        for (part, state) in conflicted.iter_mut().zip(states) {
            part.extend(state.get(key).map(|event_id| (key.clone(), event_id.clone())));
        }
    }
    (agreed, conflicted)
}

/// Resolves states as the server does: from their difference.
fn resolve_trimmed(world: &World, states: &[&StateMap]) -> StateMap {
    let (agreed, forks) = split(states);
    let heads: Vec<Vec<OwnedEventId>> = forks.iter().map(|fork| fork.values().cloned().collect()).collect();
    let common = |_: &HashMap<_, _>| Ok(agreed.values().cloned().map(Ok));
    let Ok(auth_difference) = auth_difference(&heads, common, |event_id| world.node(event_id));
    assert_eq!(auth_difference, full_difference(world, states), "the walk misses the definition");
    let conflicted = heads.concat();
    let mut subgraph = HashSet::new();
    if needs_subgraph(world.version) {
        Ok(subgraph) = conflicted_subgraph(&conflicted, |event_id| world.node(event_id));
        assert_eq!(subgraph, full_subgraph(world, &conflicted), "the walk misses the definition");
    }
    let conflict = Conflict { room_version: world.version, forks, auth_difference, subgraph };
    let source = Agreed { world, entries: agreed };
    let resolved = resolve(&conflict, &source).expect("resolves");
    let mut state = source.entries;
    state.extend(resolved);
    state
}

/// Resolves states as the specification writes it: from all there is.
fn resolve_full(world: &World, states: &[&StateMap]) -> StateMap {
    let chains: Vec<EventIdSet<OwnedEventId>> =
        states.iter().map(|state| whole_chain(world, state).into_iter().collect()).collect();
    let rules = world.version.state_res_v2().expect("not version 1");
    ruma_resolve(
        world.version.auth(),
        rules,
        states.iter().copied(),
        chains,
        |event_id| world.find(event_id),
        |conflicted| {
            let conflicted: Vec<OwnedEventId> = conflicted.values().flatten().cloned().collect();
            Some(full_subgraph(world, &conflicted).into_iter().collect())
        },
    )
    .expect("resolves")
}

/// The auth chain of events, themselves left out unless one is in the chain of another.
fn chain<'a>(world: &World, heads: impl IntoIterator<Item = &'a OwnedEventId>) -> HashSet<OwnedEventId> {
    let mut chain = HashSet::new();
    let mut to_visit: Vec<Pdu> = heads.into_iter().map(|event_id| world.get(event_id)).collect();
    while let Some(pdu) = to_visit.pop() {
        for event_id in pdu.auth_events() {
            if chain.insert(event_id.clone()) {
                to_visit.push(world.get(event_id));
            }
        }
    }
    chain
}

/// The events of a state with their auth chains.
fn whole_chain(world: &World, state: &StateMap) -> HashSet<OwnedEventId> {
    let mut whole = chain(world, state.values());
    whole.extend(state.values().cloned());
    whole
}

/// What is in some of the chains but not in all, but for what is in the conflict itself.
fn full_difference(world: &World, states: &[&StateMap]) -> HashSet<OwnedEventId> {
    let chains: Vec<HashSet<OwnedEventId>> = states.iter().map(|state| whole_chain(world, state)).collect();
    let conflicted: Vec<OwnedEventId> =
        split(states).1.into_iter().flat_map(|fork| fork.into_values()).collect();
    let all: HashSet<&OwnedEventId> = chains.iter().flatten().collect();
    all.into_iter()
        .filter(|event_id| !chains.iter().all(|chain| chain.contains(*event_id)))
        .filter(|event_id| !conflicted.contains(event_id))
        .cloned()
        .collect()
}

fn full_subgraph(world: &World, conflicted: &[OwnedEventId]) -> HashSet<OwnedEventId> {
    let conflicted: HashSet<OwnedEventId> = conflicted.iter().cloned().collect();
    let below: HashSet<OwnedEventId> = chain(world, &conflicted).union(&conflicted).cloned().collect();
    let leads_to_conflicted = |event_id: &OwnedEventId| {
        conflicted.contains(event_id) || !chain(world, [event_id]).is_disjoint(&conflicted)
    };
    below.into_iter().filter(leads_to_conflicted).collect()
}

#[test]
fn without_a_conflict_there_is_nothing_to_resolve() {
    for version in RoomVersion::all() {
        let world = World::new(version);
        let fork = world.room(json!({}));
        for forks in [vec![&fork.state], vec![&fork.state, &fork.state]] {
            let (agreed, conflicted) = split(&forks);
            let conflict = Conflict {
                room_version: version,
                forks: conflicted,
                auth_difference: HashSet::new(),
                subgraph: HashSet::new(),
            };
            let resolved = resolve(&conflict, &Agreed { world: &world, entries: agreed });
            assert_eq!(resolved, Ok(StateMap::new()), "{version:?}");
        }
    }
}

/// A ban on one side outlives what the banned did on the other.
#[test]
fn bans_win() {
    for version in RoomVersion::all().iter().skip(1) {
        let world = World::new(version);
        let start = world.room(json!({}));
        let (mut left, mut right) = (start.clone(), start);
        let ban = world.put(&mut left, member("@admin:a", "@mod:a", "ban"));
        world.put(&mut right, state("@mod:a", "m.room.topic", "", json!({ "topic": "still here" })));
        let resolved = resolve_trimmed(&world, &[&left.state, &right.state]);
        let key = ban.state_entry().expect("state");
        assert_eq!(resolved.get(&key), Some(ban.event_id()), "{version:?}");
        assert_eq!(resolved.get(&("m.room.topic".into(), String::new())), None, "{version:?}");
        assert_eq!(resolved, resolve_full(&world, &[&left.state, &right.state]));
    }
}

/// What one fork alone rests on is no difference if all states have it, or something that rests on it.
#[test]
fn what_the_agreed_state_rests_on_is_no_difference() {
    for version in RoomVersion::all().iter().skip(1) {
        let world = World::new(version);
        let mut fork = world.room(json!({}));
        let old_member = world.state_event(&fork, &"m.room.member".into(), "@mod2:a").expect("a member");
        let new_member = world.put(&mut fork, member("@mod2:a", "@mod2:a", "join"));
        let (left, mut right) = (fork.clone(), fork);
        world.put(&mut right, state("@mod2:a", "m.room.name", "", json!({ "name": "n" })));
        let states = [&left.state, &right.state];
        let (agreed, forks) = split(&states);
        let heads: Vec<Vec<OwnedEventId>> =
            forks.iter().map(|fork| fork.values().cloned().collect()).collect();
        let nothing = |_: &HashMap<_, _>| Ok(Vec::new());
        let Ok(alone) = auth_difference(&heads, nothing, |event_id| world.node(event_id));
        let common = |_: &HashMap<_, _>| Ok(agreed.values().cloned().map(Ok));
        let Ok(difference) = auth_difference(&heads, common, |event_id| world.node(event_id));
        for event in [old_member, new_member] {
            assert!(alone.contains(event.event_id()), "{version:?}");
            assert!(!difference.contains(event.event_id()), "{version:?}");
        }
        assert_eq!(difference, full_difference(&world, &states));
    }
}

/// Two people with the same power change the power levels, each on a side of their own: the later change wins, whenever
/// they came into the room. If being in the room counted as a difference, whoever came later would.
#[test]
fn being_in_the_room_on_both_sides_is_no_difference() {
    for version in RoomVersion::all().iter().skip(1) {
        let world = World::new(version);
        let mut start = world.room(json!({}));
        world.put(&mut start, member("@carol:b", "@carol:b", "join"));
        let levels = world.state_event(&start, &"m.room.power_levels".into(), "").expect("power levels");
        let with = |sender, user: &str, level: i64| {
            let mut content: serde_json::Value = levels.content_as().expect("an object");
            content["users"]["@carol:b"] = 100.into();
            content["users"][user] = level.into();
            state(sender, "m.room.power_levels", "", content)
        };
        world.put(&mut start, with("@admin:a", "@carol:b", 100));
        let (mut left, mut right) = (start.clone(), start);
        world.put(&mut left, with("@carol:b", "@dave:b", 20));
        world.wait(10);
        let later = world.put(&mut right, with("@admin:a", "@dave:b", 10));
        let resolved = resolve_trimmed(&world, &[&left.state, &right.state]);
        let key = later.state_entry().expect("state");
        assert_eq!(resolved.get(&key), Some(later.event_id()), "{version:?}");
        assert_eq!(resolved, resolve_full(&world, &[&left.state, &right.state]));
    }
}

/// There is nothing that all states have.
fn nothing_else<E>(_: &HashMap<u64, u64>) -> Result<Vec<Result<u64, E>>, E> {
    Ok(Vec::new())
}

/// The walk over a long chain looks only at its upper end.
#[test]
fn the_cost_is_that_of_the_difference() {
    const LENGTH: u64 = 100_000;
    // One long chain, and two events that differ in its last link.
    let node = |&id: &u64| -> Result<Option<AuthNode<u64>>, Infallible> {
        let below = if id >= LENGTH { LENGTH - 1 - (id - LENGTH) } else { id.wrapping_sub(1) };
        let auth_events = if id == 0 { Vec::new() } else { vec![below] };
        Ok(Some(AuthNode { depth: id.min(LENGTH), auth_events }))
    };
    let mut looked_at = 0;
    let heads = [vec![LENGTH], vec![LENGTH + 1]];
    let Ok(difference) = auth_difference(&heads, nothing_else, |id| {
        looked_at += 1;
        node(id)
    });
    assert_eq!(difference, HashSet::from([LENGTH - 1]));
    assert!(looked_at < 20, "looked at {looked_at} events");
    let Ok(subgraph) = conflicted_subgraph(&[LENGTH, LENGTH - 3], |id| {
        looked_at += 1;
        node(id)
    });
    assert_eq!(subgraph, HashSet::from([LENGTH, LENGTH - 1, LENGTH - 2, LENGTH - 3]));
    assert!(looked_at < 40, "looked at {looked_at} events");
}

#[test]
fn more_forks_than_colours() {
    // Every fork rests on an event of its own, all of them on event 0.
    let node = |&id: &u64| -> Result<Option<AuthNode<u64>>, Infallible> {
        let (depth, auth_events) = match id {
            0 => (0, vec![]),
            1..1000 => (1, vec![0]),
            _ => (2, vec![id - 1000]),
        };
        Ok(Some(AuthNode { depth, auth_events }))
    };
    let heads: Vec<Vec<u64>> = (1..=300).map(|fork| vec![1000 + fork]).collect();
    let Ok(difference) = auth_difference(&heads, nothing_else, node);
    assert_eq!(difference, (1..=300).collect());
    // An event that all agree on takes one of them away.
    let Ok(difference) = auth_difference(&heads, |_: &HashMap<_, _>| Ok([Ok(1007)]), node);
    assert_eq!(difference.len(), 299);
    // What is common to the first forks but not to the later ones is a difference.
    let mut heads: Vec<Vec<u64>> = (0..300).map(|_| vec![1001]).collect();
    heads[250] = vec![1002];
    let Ok(difference) = auth_difference(&heads, nothing_else, node);
    assert_eq!(difference, HashSet::from([1, 2]));
}

/// A room that cannot be looked at.
struct Broken;

impl Source for Broken {
    type Error = &'static str;

    fn event(&self, _: &ruma::EventId) -> Result<Option<Pdu>, &'static str> {
        Err("disk on fire")
    }

    fn agreed(&self, _: &StateEventType, _: &str) -> Result<Option<OwnedEventId>, &'static str> {
        Err("disk on fire")
    }
}

#[test]
fn failures_of_the_source_are_not_taken_for_absence() {
    for version in RoomVersion::all() {
        let event_id = ruma::EventId::parse("$x:y").expect("valid");
        let forks =
            vec![HashMap::from([(("m.room.topic".into(), String::new()), event_id)]), StateMap::new()];
        let conflict = Conflict {
            room_version: version,
            forks,
            auth_difference: HashSet::new(),
            subgraph: HashSet::new(),
        };
        assert_eq!(resolve(&conflict, &Broken), Err(ResolveError::Source("disk on fire")), "{version:?}");
    }
}

/// Events of other forks may be unknown; they are passed over.
#[test]
fn unknown_events_are_passed_over() {
    let world = World::new(version("11"));
    let fork: Fork = world.room(json!({}));
    let mut other = fork.clone();
    let unknown = ruma::EventId::parse("$unknown").expect("valid");
    other.state.insert(("m.room.topic".into(), String::new()), unknown);
    let (agreed, forks) = split(&[&fork.state, &other.state]);
    let conflict = Conflict {
        room_version: world.version,
        forks,
        auth_difference: HashSet::new(),
        subgraph: HashSet::new(),
    };
    let resolved = resolve(&conflict, &Agreed { world: &world, entries: agreed });
    assert_eq!(resolved, Ok(StateMap::new()));
}
