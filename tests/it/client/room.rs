//! Rooms as such: creating them, looking at them, replacing them, reporting them.

mod aliases;
mod create_room;
mod founding_state;
mod get_event_by_timestamp;
mod get_room_event;
mod get_summary;
mod report_content;
mod report_room;
mod upgrade_room;
mod versions;
