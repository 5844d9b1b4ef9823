//! Asking to be let in.

mod knock_room;
