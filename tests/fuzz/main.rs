//! Bounded fuzzing: everything that reads the bytes of strangers gets good input that has been damaged, for a few
//! seconds each.
//!
//! A reader must never panic, and what it accepts must keep its promises (printed and read again it is the same, a
//! redacted event keeps its id, …). `FUZZ_SECONDS` says how long all readers together take, `FUZZ_SEED` begins
//! another sequence; a failure prints the input.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the bans are for the server; tests stand outside it")]

mod corpus;
mod damage;
mod readers;
mod run;
