//! The area `event`.

mod get_event;
mod get_event_by_timestamp;
mod get_missing_events;
mod get_room_state;
mod get_room_state_ids;
