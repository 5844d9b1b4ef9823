//! The fully-read marker.

mod set_read_marker;
