//! Application services: what they are told, and what they are asked.

mod delivery;
mod devices;
mod ephemeral;
mod existence;
mod legacy;
mod rate_limits;
mod restarts;
