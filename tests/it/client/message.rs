//! Saying something, and reading what was said.

mod get_message_events;
mod history_visibility;
mod muted;
mod send_message_event;
mod size_limits;
mod transactions;
mod visibility_model;
