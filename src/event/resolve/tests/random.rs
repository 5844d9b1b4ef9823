//! Random rooms: members come and go, power changes hands, forks part and meet; then all forks are resolved.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{resolve_full, resolve_trimmed};
use crate::{
    Pdu, RoomVersion,
    factory::{Fork, Say, World, member, state},
};

const USERS: [&str; 8] =
    ["@alice:a", "@admin:a", "@mod:a", "@mod2:a", "@bob:b", "@carol:b", "@dave:b", "@erin:b"];
const LEVELS: [i64; 5] = [0, 25, 50, 75, 100];
const JOIN_RULES: [&str; 5] = ["public", "invite", "knock", "restricted", "knock_restricted"];
const FORKS_MAX: usize = 4;

/// One thing that happens, by numbers whose meaning `happen` knows.
type Step = (u8, u8, u8, u8);

/// What somebody tries to do.
fn attempt<'a>(world: &World, fork: &Fork, (what, who, whom, how): Step) -> Say<'a> {
    let sender = USERS[usize::from(who) % USERS.len()];
    let target = USERS[usize::from(whom) % USERS.len()];
    match what % 12 {
        0 | 1 => member(sender, sender, "join"),
        2 => member(sender, sender, "leave"),
        3 => member(sender, target, "leave"),
        4 => member(sender, target, "ban"),
        5 => member(sender, target, "invite"),
        6 | 7 => {
            let mut levels = power_levels(world, fork);
            levels["users"][target] = LEVELS[usize::from(how) % LEVELS.len()].into();
            state(sender, "m.room.power_levels", "", levels)
        }
        8 => {
            let mut levels = power_levels(world, fork);
            let field = ["ban", "kick", "invite", "state_default", "users_default"][usize::from(whom) % 5];
            levels[field] = LEVELS[usize::from(how) % LEVELS.len()].into();
            state(sender, "m.room.power_levels", "", levels)
        }
        9 => {
            let rule = JOIN_RULES[usize::from(how) % JOIN_RULES.len()];
            state(sender, "m.room.join_rules", "", json!({ "join_rule": rule }))
        }
        10 => state(sender, "m.room.topic", "", json!({ "topic": how })),
        _ => state(sender, "m.room.name", ["", "other"][usize::from(whom) % 2], json!({ "name": how })),
    }
}

fn power_levels(world: &World, fork: &Fork) -> Value {
    let current = world.state_event(fork, &"m.room.power_levels".into(), "");
    current.and_then(|levels: Pdu| levels.content_as().ok()).unwrap_or_else(|| json!({ "users": {} }))
}

/// Lets one thing happen: a fork parts or meets another, or somebody tries something on one of them.
fn happen(world: &World, forks: &mut Vec<Fork>, fork_step: u8, step: Step) {
    let at = usize::from(fork_step >> 3) % forks.len();
    match fork_step % 8 {
        0 if forks.len() < FORKS_MAX => forks.push(forks[at].clone()),
        1 if forks.len() > 2 => {
            let other = forks.swap_remove((at + 1) % forks.len());
            let at = at.min(forks.len() - 1);
            let merged = resolve_trimmed(world, &[&forks[at].state, &other.state]);
            forks[at].state = merged;
            forks[at].heads.extend(other.heads);
            forks[at].depth = forks[at].depth.max(other.depth);
        }
        _ => {
            let say = attempt(world, &forks[at], step);
            let pdu = world.make(&forks[at], say);
            if world.allows(&forks[at], &pdu).is_ok() {
                world.accept(&mut forks[at], &pdu);
            }
            // Sometimes no time passes, so that the ids have to break the tie.
            world.wait(u64::from(step.3 % 3));
        }
    }
}

fn check(version: &'static RoomVersion, steps: &[(u8, Step)]) {
    let world = World::new(version);
    let start = world.room(json!({ "additional_creators": ["@bob:b"] }));
    let mut forks = vec![start.clone(), start];
    for (fork_step, step) in steps {
        happen(&world, &mut forks, *fork_step, *step);
    }
    let states: Vec<_> = forks.iter().map(|fork| &fork.state).collect();
    assert_eq!(resolve_trimmed(&world, &states), resolve_full(&world, &states));
    // The order of the forks does not matter.
    let reversed: Vec<_> = states.iter().rev().copied().collect();
    assert_eq!(resolve_trimmed(&world, &reversed), resolve_full(&world, &states));
}

proptest! {
    // What failed once is written into a test by hand; nothing is left lying in the source tree.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_difference_resolves_like_the_whole(steps in prop::collection::vec(any::<(u8, Step)>(), 10..60)) {
        for version in RoomVersion::all().iter().filter(|version| version.state_res_v2().is_some()) {
            check(version, &steps);
        }
    }
}
