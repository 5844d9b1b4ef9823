//! The readers, and what must hold of what they accept.

mod answers;
mod fetched;
mod files;
mod joins;
mod json;
mod keys;
mod names;
mod pdu;
mod transactions;
