//! The readers, and what must hold of what they accept.

mod answers;
mod json;
mod names;
mod pdu;
mod requests;
