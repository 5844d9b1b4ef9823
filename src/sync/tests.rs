//! Tests of whole answers, over real rooms in memory.

mod client;
mod cost;
mod ephemeral;
mod forks;
mod histories;
mod members;
mod memberships;
mod sliding;
mod timelines;
mod waiting;
mod world;
