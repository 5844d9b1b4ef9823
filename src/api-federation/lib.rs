//! The server-server API: `<area>/<endpoint>.rs`, named as in ruma.
//!
//! Deliberately absent: rules, locks, storage. A handler authenticates, calls one verb, shapes the answer.

mod discovery;
pub mod router;
