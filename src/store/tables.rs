//! One file per group of column families: key, value, meaning.

pub mod counters;
pub mod events;
pub mod members;
pub mod names;
pub mod relations;
pub mod rooms;
