//! What every other crate needs and what would otherwise be ambient: time, chance, tasks, shutdown, the network, mail
//! and the directory of people.
//!
//! Clippy forbids the ambient forms (`SystemTime::now`, `tokio::spawn`, `rand::rng`) everywhere else, so that a
//! test can hold the clock, a seed can replay chance, and shutdown can wait for every task.
//!
//! Deliberately absent: any Matrix word, storage, and the meaning of any task.

mod clock;
pub mod directory;
pub mod mail;
pub mod outgoing;
mod random;
pub mod shutdown;
mod tasks;

pub use clock::Clock;
pub use directory::{Directory, DirectoryError, DirectoryOptions, DirectoryPerson, Finding};
pub use mail::{Mail, MailError, MailOptions, MailTls, Mailer};
pub use outgoing::{Outgoing, OutgoingOptions};
pub use random::Random;
pub use tasks::Tasks;
