//! A server of one's own for each test, and users who talk to it.

mod answer;
mod server;
mod user;

pub(crate) use answer::Answer;
pub(crate) use server::Server;
pub(crate) use user::{User, encode};
