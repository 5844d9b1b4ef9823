//! Bounded fuzzing: everything that reads the bytes of strangers gets good input that has been damaged, for a few
//! seconds each. Some of it is read by a reader alone, some by a whole server in memory, which must go on afterwards.
//!
//! A reader must never panic, and what it accepts must keep its promises (printed and read again it is the same, a
//! redacted event keeps its id, …). `KITH_FUZZ_SECONDS` says how long all readers together take, `KITH_FUZZ_SEED`
//! begins another sequence; a failure prints the input.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the bans are for the server; tests stand outside it")]

mod corpus;
mod damage;
mod house;
mod readers;
mod run;
mod seal;
