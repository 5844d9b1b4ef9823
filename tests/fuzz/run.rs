//! The loop: takes an input, damages it, has it read, and keeps it if it was still accepted.

use std::time::{Duration, Instant};

use kith_tests::Dice;

use crate::damage::damage;

/// How long all readers together take, unless `KITH_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 28;

/// How many readers share that time.
const READERS: u32 = 14;

/// How many rounds a reader is played at least, however busy the machine is.
const ROUNDS_MIN: u64 = 100;

/// How many inputs are kept to be damaged further.
const INPUTS_MAX: usize = 2_000;

/// How long an input may get. Readers bound their input by themselves; this bounds the time of a round.
const INPUT_BYTES_MAX: usize = 200_000;

/// Prints the input if the reader panics.
pub(crate) struct Witness<'a> {
    input: &'a [u8],
}

impl<'a> Witness<'a> {
    pub(crate) fn of(input: &'a [u8]) -> Self {
        Self { input }
    }
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input is:\n{}", self.input.escape_ascii());
        }
    }
}

/// Feeds a reader. It answers whether it accepted the input; it must accept every seed.
pub(crate) fn fuzz(seeds: &[Vec<u8>], reader: impl Fn(&[u8]) -> bool) {
    for seed in seeds {
        let _witness = Witness::of(seed);
        assert!(reader(seed), "a seed is refused");
    }
    let mut inputs = seeds.to_vec();
    rounds(|dice| {
        let mut input = damage(dice, &inputs);
        input.truncate(INPUT_BYTES_MAX);
        let witness = Witness::of(&input);
        let is_accepted = reader(&input);
        drop(witness);
        if is_accepted {
            // The seeds stay; of the rest, the old make room for the new.
            if inputs.len() < INPUTS_MAX {
                inputs.push(input);
            } else {
                let count = u64::try_from(INPUTS_MAX - seeds.len()).unwrap();
                inputs[seeds.len() + usize::try_from(dice.throw(count)).unwrap()] = input;
            }
        }
        is_accepted
    });
}

/// Plays rounds until the time is over. A round answers whether what it made up was accepted; some of it has to be, and
/// some must not.
pub(crate) fn rounds(mut round: impl FnMut(&mut Dice) -> bool) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seconds = number("KITH_FUZZ_SECONDS").unwrap_or(SECONDS);
    let deadline = Instant::now() + Duration::from_secs(seconds) / READERS;
    let mut dice = Dice::new(number("KITH_FUZZ_SEED").unwrap_or(1));
    let (mut accepted, mut refused) = (0_u64, 0_u64);
    while Instant::now() < deadline || accepted + refused < ROUNDS_MIN {
        if round(&mut dice) {
            accepted += 1;
        } else {
            refused += 1;
        }
    }
    println!("{accepted} inputs accepted, {refused} refused");
    assert!(accepted > 0, "nothing of {refused} inputs was good enough");
    assert!(refused > 0, "no damage was noticed in {accepted} inputs");
}
