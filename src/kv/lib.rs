//! Ordered bytes: the storage engine behind everything Kith remembers.
//!
//! Here live the engine's traits ([`Read`], [`Engine`]), the write batch ([`Batch`]) and two engines: RocksDB
//! ([`rocks`]), which is the only place that names that crate, and an engine in memory ([`memory`]) for tests
//! and simulations. An engine is correct when it passes the `conformance` suite.
//!
//! Deliberately absent: keys or values with a meaning (those are `kith-store`'s), threads, clocks, async.

mod batch;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod engine;
pub mod memory;
pub mod rocks;

pub use batch::{Batch, Operation, Requirement};
pub use engine::{Access, Direction, Engine, Error, Family, FamilySpec, KeyRange, Pair, Read};
