//! PDUs without input or output: what an event is, and what the rules of its room version say about it.
//!
//! Parsing, building, hashing, signing, verifying, redacting, authorising and resolving live here, and whatever
//! differs between room versions lives nowhere else. Deliberately absent: the clock, chance, the network,
//! storage and anything asynchronous. Whoever calls brings the time, the random bytes, the keys and the events.

pub mod auth;
pub mod build;
pub mod client_format;
pub mod hash;
pub mod json;
pub mod keys;
pub mod owned_state;
pub mod parse;
mod pdu;
pub mod power;
pub mod redact;
pub mod resolve;
mod room_version;
pub mod template;
pub mod verify;

#[cfg(test)]
mod factory;

pub use crate::{
    keys::SigningKey,
    parse::{ParseError, parse_pdu},
    pdu::{Pdu, STICKY_MS_MAX},
    room_version::RoomVersion,
    verify::VerifiedPdu,
};
