//! What only application services do.

mod request_ping;
mod set_room_visibility;
