//! The area `directory`.

mod get_public_rooms;
mod get_public_rooms_filtered;
