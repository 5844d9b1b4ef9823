//! Chance: the one place that draws random numbers.
//!
//! The system source is cryptographically secure and fit for tokens and keys. The seeded source is for tests and
//! simulations, where one seed must replay one run.

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A source of random numbers. Clones share the same source.
#[derive(Clone)]
pub struct Random {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    /// Cryptographically secure randomness, seeded by the operating system.
    pub fn system() -> Random {
        Random { source: Source::System }
    }

    /// The same numbers for the same seed. For tests only: whoever knows the seed knows every secret.
    pub fn seeded(seed: u64) -> Random {
        Random { source: Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))) }
    }

    /// Fills the whole buffer.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.source {
            Source::System => fill_from_system(buffer),
            Source::Seeded(generator) => generator.lock().fill_bytes(buffer),
        }
    }

    /// An array of random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `len` characters of `A-Za-z0-9`, each equally likely: just under six bits a character.
    pub fn alphanumeric(&self, len: usize) -> String {
        let mut text = String::with_capacity(len);
        let mut buffer = [0_u8; 64];
        while text.len() < len {
            self.fill(&mut buffer);
            for byte in buffer {
                // Six bits give 64 values for 62 characters; the two too many are thrown away, never folded back,
                // because folding would make some characters likelier than others.
                if let Some(character) = ALPHANUMERIC.get(usize::from(byte >> 2))
                    && text.len() < len
                {
                    text.push(char::from(*character));
                }
            }
        }
        text
    }

    /// A number from 0 up to, but not including, `bound`, each equally likely; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Numbers of the last, incomplete round of `bound` are drawn again: taking them would favour small results.
        let incomplete = (u64::MAX % bound + 1) % bound;
        loop {
            let drawn = u64::from_le_bytes(self.bytes());
            if drawn <= u64::MAX - incomplete {
                return drawn % bound;
            }
        }
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The generator's state would give away every secret drawn from it.
        formatter.write_str("Random")
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the function everyone else is sent to")]
fn fill_from_system(buffer: &mut [u8]) {
    rand::rng().fill_bytes(buffer);
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn one_seed_replays_one_run() {
        let (first, second) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(first.bytes::<32>(), second.bytes::<32>());
        assert_eq!(first.alphanumeric(100), second.alphanumeric(100));
        assert_ne!(first.bytes::<32>(), Random::seeded(8).bytes::<32>());
    }

    #[test]
    fn alphanumeric_text_has_the_asked_length_and_uses_every_character() {
        let text = Random::seeded(1).alphanumeric(5_000);
        assert_eq!(text.len(), 5_000);
        let distinct: std::collections::BTreeSet<char> = text.chars().collect();
        assert_eq!(distinct.len(), 62);
        assert!(text.chars().all(|character| character.is_ascii_alphanumeric()));
        assert_eq!(Random::system().alphanumeric(0), "");
    }

    #[test]
    fn below_stays_below_and_reaches_every_number() {
        let random = Random::seeded(3);
        let seen: std::collections::BTreeSet<u64> = (0..1_000).map(|_| random.below(7)).collect();
        assert_eq!(seen, (0..7).collect());
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
        assert!(random.below(u64::MAX) < u64::MAX);
    }
}
