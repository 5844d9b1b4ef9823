//! How the cost of the state tree grows with the size of a state: `cargo bench -p kith-store --bench state_growth`.
//! Prints microseconds, node counts and the ratio to the line above; asserts nothing.

use std::{hint::black_box, time::Instant};

use kith_kv::{Batch, Engine, memory::MemoryEngine};
use kith_store::{
    EventSid, RoomSid, StateKeySid, catalog,
    state::{NodeCache, RoomStates, StateRoot},
};

const SIZES: [u64; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
const ROUNDS: u64 = 2_000;
const COLUMNS: [&str; 6] = ["build/entry", "get", "get_many 50", "insert", "diff of 1", "iter/entry"];

fn main() {
    println!(
        "{:>9} {:>12} {:>8}  {}",
        "entries",
        "nodes/insert",
        "bytes",
        COLUMNS.map(|column| format!("{column:>20}")).concat()
    );
    let mut above: Option<[f64; 6]> = None;
    for size in SIZES {
        let (costs, nodes, bytes) = measure(size);
        let columns: String = costs
            .iter()
            .enumerate()
            .map(|(index, cost)| {
                let ratio = above.map_or(String::new(), |above| format!(" (x{:.2})", cost / above[index]));
                format!("{:>20}", format!("{cost:.2} us{ratio}"))
            })
            .collect();
        println!("{size:>9} {nodes:>12.2} {bytes:>8}  {columns}");
        above = Some(costs);
    }
}

/// The cost of each column in microseconds, the nodes and the bytes that one insertion writes.
fn measure(size: u64) -> ([f64; 6], f64, usize) {
    let engine = MemoryEngine::new(&catalog::specs());
    let cache = NodeCache::new(1 << 30);
    let room = RoomSid(1);
    let (root, build) = timed(|| {
        let mut states = RoomStates::new(&engine, room, &cache);
        let root = states.build((0..size).map(|key| (StateKeySid(key), EventSid(key)))).expect("builds");
        let mut batch = Batch::new();
        states.write(&mut batch, &[root]);
        engine.write(batch).expect("writes");
        root
    });
    let key = |round: u64| StateKeySid(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size);
    let states = RoomStates::new(&engine, room, &cache);
    let ((), get) = timed(|| {
        for round in 0..ROUNDS {
            black_box(states.get(root, key(round)).expect("reads"));
        }
    });
    let keys: Vec<StateKeySid> = (0..50).map(key).collect();
    let ((), get_many) = timed(|| {
        for _ in 0..ROUNDS / 10 {
            black_box(states.get_many(root, &keys).expect("reads"));
        }
    });
    let mut afters: Vec<StateRoot> = Vec::new();
    let (mut nodes, mut bytes) = (0, 0);
    let ((), insert) = timed(|| {
        for round in 0..ROUNDS {
            let mut states = RoomStates::new(&engine, room, &cache);
            let after = states.insert(root, key(round), EventSid(u64::MAX - round)).expect("inserts");
            let mut batch = Batch::new();
            nodes += states.write(&mut batch, &[after]);
            bytes += batch.bytes();
            engine.write(batch).expect("writes");
            afters.push(after);
        }
    });
    let ((), diff) = timed(|| {
        for after in &afters {
            black_box(states.diff(root, *after).expect("reads"));
        }
    });
    let (count, iter) = timed(|| states.iter(root).count());
    assert_eq!(count as u64, size);
    let (size, rounds) = (size as f64, ROUNDS as f64);
    let costs =
        [build / size, get / rounds, get_many / (rounds / 10.0), insert / rounds, diff / rounds, iter / size];
    (costs, nodes as f64 / rounds, bytes / ROUNDS as usize)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64() * 1e6)
}
