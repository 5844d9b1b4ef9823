//! `delayed_events`, `delayed_by_user`, `delayed_due`: events that users have asked to be sent later.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    record::{Record, decode_versioned, encode_versioned},
    sids::{RoomSid, UserSid},
    table::Table,
};

/// `delay id → the event`.
pub static DELAYED_EVENTS: Table<String, DelayedRecord> = Table::new(families::DELAYED_EVENTS);
/// `(user, delay id) → the request that made it`.
pub static DELAYED_BY_USER: Table<(UserSid, String), DelayedRequest> = Table::new(families::DELAYED_BY_USER);
/// `(when, delay id) → ()`: those that are still to be sent; unix milliseconds.
pub static DELAYED_DUE: Table<(u64, String), ()> = Table::new(families::DELAYED_DUE);

/// An event that is sent later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelayedRecord {
    /// Whose.
    pub user: UserSid,
    /// The device that asked for it.
    pub device: Option<String>,
    /// The room.
    pub room: RoomSid,
    /// The type.
    pub kind: String,
    /// The state key, if it is state.
    pub state_key: Option<String>,
    /// The content: a JSON object.
    pub content: String,
    /// How long is waited, in milliseconds.
    pub delay_ms: u64,
    /// Since when, in unix milliseconds.
    pub running_since_ms: u64,
    /// When it is tried to send it, in unix milliseconds: the key in `delayed_due`.
    pub due_ms: u64,
    /// How it ended, if it did.
    pub end: Option<DelayedEnd>,
    /// How long it is sticky once it is sent, in milliseconds, if it is. Since version 2.
    pub sticky_ms: Option<u64>,
}

impl Record for DelayedRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_versioned(2, self, out);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes {
            // Version 1 ends before the last field, and a zero says that there is nothing in it.
            [1, fields @ ..] => decode_versioned(2, &[&[2], fields, &[0]].concat()),
            _ => decode_versioned(2, bytes),
        }
    }
}

/// How a delayed event ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelayedEnd {
    /// When, in unix milliseconds.
    pub at_ms: u64,
    /// Somebody asked for it before its time.
    pub asked: bool,
    /// What became of it.
    pub outcome: DelayedOutcome,
}

/// What became of a delayed event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DelayedOutcome {
    /// It was sent as this event.
    Sent(String),
    /// Somebody took it back.
    Cancelled,
    /// The room did not take it.
    Failed {
        /// The user may not send it, rather than that something about it is wrong.
        forbidden: bool,
        /// Why.
        reason: String,
    },
}

/// The request that made a delayed event, so that a repetition makes no second one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelayedRequest {
    /// The device that sent it; empty for those who have none.
    pub device: String,
    /// What the path holds beside the transaction id.
    pub endpoint: String,
    /// The transaction id; none where the endpoint has none.
    pub transaction_id: Option<String>,
}
record!(DelayedRequest, 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_bytes() {
        let record = DelayedRecord {
            user: UserSid(1),
            device: None,
            room: RoomSid(2),
            kind: "m".to_owned(),
            state_key: None,
            content: "{}".to_owned(),
            delay_ms: 3,
            running_since_ms: 4,
            due_ms: 5,
            end: None,
            sticky_ms: None,
        };
        let first = [1, 1, 0, 2, 1, b'm', 0, 2, b'{', b'}', 3, 4, 5, 0];
        assert_eq!(DelayedRecord::decode(&first), Some(record.clone()));
        let record = DelayedRecord { sticky_ms: Some(6), ..record };
        let second = [2, 1, 0, 2, 1, b'm', 0, 2, b'{', b'}', 3, 4, 5, 0, 1, 6];
        assert_eq!(record.to_bytes(), second);
        assert_eq!(DelayedRecord::decode(&second), Some(record));
    }
}
