//! Simulation: three servers in one thread, with a network that delays, reorders, repeats, loses and parts, with
//! servers that crash and start again, and with people who decide against each other meanwhile. Afterwards the network
//! heals, and everybody must agree.
//!
//! A seed is a whole history. `SIM_SEEDS=N` runs the first N instead of a thousand, `SIM_SEED=N` one alone,
//! telling what happens. Time is the simulation's own, so hours take no time.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the bans are for the server; tests stand outside it")]

mod deeds;
mod network;
mod peace;
mod world;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use parking_lot::Mutex;
use world::World;

/// How many histories are lived through.
const SEEDS: u64 = 1_000;
/// How many rounds of deeds a history has.
const ROUNDS: u64 = 20;

/// One history, from the first start to the last comparison.
fn live(seed: u64, telling: bool) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut world = World::begin(seed, telling).await;
        for _ in 0..ROUNDS {
            world.weather().await;
            deeds::round(&mut world).await;
        }
        peace::make(&mut world).await;
        peace::compare(&world).await;
        world.end().await;
    });
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn servers_agree_whatever_happened_between_them() {
    if let Some(seed) = number("SIM_SEED") {
        return live(seed, true);
    }
    let (next, until) = (AtomicU64::new(0), number("SIM_SEEDS").unwrap_or(SEEDS));
    let failed = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= until {
                        return;
                    }
                    if catch_unwind(AssertUnwindSafe(|| live(seed, false))).is_err() {
                        failed.lock().push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    assert!(failed.is_empty(), "{} of {until} seeds failed: {failed:?}", failed.len());
}
