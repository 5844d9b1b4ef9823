//! The area `query`.

mod get_custom_information;
mod get_profile_information;
mod get_room_information;
