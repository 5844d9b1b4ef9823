//! `receipts` and `receipt_stream`: how far each user has read, in each room and thread.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, UserSid},
    table::Table,
};

/// `(room, user, kind, thread) → where the receipt stands`.
pub static RECEIPTS: Table<(RoomSid, UserSid, u8, String), ReceiptRecord> = Table::new(families::RECEIPTS);
/// `(room, position) → whose receipt moved there`: only the newest move of each receipt has a row.
pub static RECEIPT_STREAM: Table<(RoomSid, Position), ReceiptMove> = Table::new(families::RECEIPT_STREAM);

/// The thread part of the key of receipts without a thread.
pub const UNTHREADED: &str = "";
/// The thread id of receipts for the main timeline.
pub const MAIN_THREAD: &str = "main";

/// Who may see a receipt. The discriminant is part of keys and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum ReceiptKind {
    /// `m.read`: everybody in the room.
    Public = 0,
    /// `m.read.private`: only the user's own devices.
    Private = 1,
}

impl ReceiptKind {
    /// The word of the specification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "m.read",
            Self::Private => "m.read.private",
        }
    }

    /// The kind with this discriminant.
    pub fn from_key(key: u8) -> Option<Self> {
        match key {
            0 => Some(Self::Public),
            1 => Some(Self::Private),
            _ => None,
        }
    }
}

/// Where a receipt stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRecord {
    /// The event read up to.
    pub event: EventSid,
    /// Where that event stands in the room's stream order; what backfill brought stands at the start.
    pub event_position: Position,
    /// When the receipt was sent, unix milliseconds.
    pub timestamp_ms: u64,
    /// When the receipt moved here.
    pub position: Position,
}
record!(ReceiptRecord, 1);

/// Whose receipt moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptMove {
    /// The user.
    pub user: UserSid,
    /// Who may see it.
    pub kind: ReceiptKind,
    /// The thread, as in the key.
    pub thread: String,
}
record!(ReceiptMove, 1);
