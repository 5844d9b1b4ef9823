//! Delivering to application services, and asking them.
//!
//! Deliberately absent: their registrations and rights (`accounts`).
