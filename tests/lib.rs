//! Shared pieces of the tests.

mod dice;

pub use dice::Dice;
