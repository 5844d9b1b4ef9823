//! Rooms that hold rooms.

mod get_hierarchy;
