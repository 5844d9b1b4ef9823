//! The loop: takes an input, damages it, has it read, and keeps it if it was still accepted.

use std::time::{Duration, Instant};

use kith_tests::Dice;

use crate::damage::damage;

/// How long all readers together take, unless `FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 20;

/// How many readers share that time.
const READERS: u32 = 10;

/// How many inputs are kept to be damaged further.
const INPUTS_MAX: usize = 2_000;

/// How long an input may get. Readers bound their input by themselves; this bounds the time of a round.
const INPUT_BYTES_MAX: usize = 200_000;

/// Prints the input if the reader panics.
struct Witness<'a> {
    input: &'a [u8],
    round: u64,
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("round {}, input:\n{}", self.round, self.input.escape_ascii());
        }
    }
}

/// Feeds a reader. It answers whether it accepted the input; it must accept every seed.
pub(crate) fn fuzz(seeds: &[Vec<u8>], reader: impl Fn(&[u8]) -> bool) {
    for seed in seeds {
        let _witness = Witness { input: seed, round: 0 };
        assert!(reader(seed), "a seed is refused");
    }
    let seconds = std::env::var("FUZZ_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
    let seed = std::env::var("FUZZ_SEED").map_or(1, |text| text.parse().unwrap());
    let deadline = Instant::now() + Duration::from_secs(seconds) / READERS;
    let mut dice = Dice::new(seed);
    let mut inputs = seeds.to_vec();
    let (mut accepted, mut refused) = (0_u64, 0_u64);
    while Instant::now() < deadline {
        let mut input = damage(&mut dice, &inputs);
        input.truncate(INPUT_BYTES_MAX);
        let witness = Witness { input: &input, round: accepted + refused + 1 };
        let was_accepted = reader(&input);
        drop(witness);
        if !was_accepted {
            refused += 1;
            continue;
        }
        accepted += 1;
        // The seeds stay; of the rest, the old make room for the new.
        if inputs.len() < INPUTS_MAX {
            inputs.push(input);
        } else {
            let count = u64::try_from(INPUTS_MAX - seeds.len()).unwrap();
            inputs[seeds.len() + usize::try_from(dice.throw(count)).unwrap()] = input;
        }
    }
    assert!(refused > 0, "no damage was noticed in {accepted} inputs");
    println!("{accepted} inputs accepted, {refused} refused");
}
