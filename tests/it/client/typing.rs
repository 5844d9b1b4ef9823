//! Typing notices.

mod create_typing_event;
