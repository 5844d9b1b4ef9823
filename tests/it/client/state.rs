//! The state of rooms.

mod canonical_alias;
mod get_state_event_for_key;
mod get_state_events;
mod power_levels;
mod send_state_event;
