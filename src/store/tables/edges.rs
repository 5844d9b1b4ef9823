//! `backward_edges`: where a room's known history ends.

use crate::{
    catalog::families,
    sids::{EventSid, RoomSid},
    table::Table,
};

/// `(room, depth, event) → ()`: events that have a place although some of those they follow have none: below them is a
/// gap that `/messages` fills.
pub static BACKWARD_EDGES: Table<(RoomSid, u64, EventSid), ()> = Table::new(families::BACKWARD_EDGES);
