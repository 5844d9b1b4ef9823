//! The area `space`.

mod get_hierarchy;
