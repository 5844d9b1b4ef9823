//! `delayed_events`, `delayed_by_user`, `delayed_due`: events that users have asked to be sent later.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
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
}
record!(DelayedRecord, 1);

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
