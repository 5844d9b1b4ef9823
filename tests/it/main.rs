//! Integration tests: the real binary on a temporary directory, over real HTTP.
//!
//! One binary for all of them, because each one more would link the storage engine again. `client/`, `federation/` and
//! `admin/` mirror the api crates; `tidy.rs` checks the tree itself.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the bans are for the server; tests stand outside it")]

mod harness;

mod admin;
mod appservice;
mod bad_input;
mod client;
mod crash;
mod federation;
mod operation;
mod rate_limits;
mod tidy;
