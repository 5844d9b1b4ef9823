//! The area `keys`.

mod claim_keys;
mod get_keys;
