//! `transactions`: which request a device has made already, so that a repetition gets the first answer again.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, RoomSid, UserSid},
    table::Table,
};

/// `(user, device, room, endpoint, transaction id) → what came of it`. A transaction id means something to one device
/// at one endpoint, and the endpoint includes its path: the room and the event type.
pub static TRANSACTIONS: Table<(UserSid, String, RoomSid, String, String), TransactionRecord> =
    Table::new(families::TRANSACTIONS);

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionRecord {
    /// The event that was sent.
    pub event: EventSid,
    /// When, in unix milliseconds; old rows are swept.
    pub at_ms: u64,
}
record!(TransactionRecord, 1);
