//! The area `authorization`.

mod get_event_authorization;
