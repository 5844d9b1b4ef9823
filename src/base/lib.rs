//! What every other crate needs and what would otherwise be ambient: time, chance, tasks, shutdown and the network.
//!
//! Clippy forbids the ambient forms (`SystemTime::now`, `tokio::spawn`, `rand::rng`) everywhere else, so that a
//! test can hold the clock, a seed can replay chance, and shutdown can wait for every task.
//!
//! Deliberately absent: any Matrix word, storage, and the meaning of any task.

mod clock;
pub mod outgoing;
mod random;
pub mod shutdown;
mod tasks;

pub use clock::Clock;
pub use outgoing::{Outgoing, OutgoingOptions};
pub use random::Random;
pub use tasks::Tasks;
