//! Asking other servers: finding them, signed requests, their keys and ours, and patience with those that do not answer.
//!
//! Deliberately absent: rooms, and what is asked for.
