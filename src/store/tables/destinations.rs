//! `destinations`, `owed_events`, `room_outgoing`, `relays`, `received_transactions`, `staged_transactions`: how far
//! delivering to other servers has come, and what they delivered.
//!
//! A server that keeps up has no row: one cursor is common to all of them (`counters`). A server that could not be
//! reached has a cursor of its own from then on, until it has caught up.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, ServerSid},
    table::Table,
};

/// `server → how far it was delivered to`, for servers behind the common cursor.
pub static DESTINATIONS: Table<ServerSid, DestinationRecord> = Table::new(families::DESTINATIONS);
/// `(server, position) → event`: events for a server that is not in their room once they have happened: whoever is
/// thrown out has to hear of it. A row lives until the server has acknowledged the event.
pub static OWED_EVENTS: Table<(ServerSid, Position), EventSid> = Table::new(families::OWED_EVENTS);
/// `room → where its newest event stands that this server sends to others`.
pub static ROOM_OUTGOING: Table<RoomSid, Position> = Table::new(families::ROOM_OUTGOING);
/// `event → ()`: events of other servers' users that were handed to this server so that it tells the room of them
/// (`send_join` and its kin). Written with the event.
pub static RELAYS: Table<EventSid, ()> = Table::new(families::RELAYS);
/// `(server, slot) → a transaction it sent, and what it was answered`: the newest few of each server, because a server
/// goes on to the next only when the one before was answered. One that comes again gets the same answer.
pub static RECEIVED_TRANSACTIONS: Table<(ServerSid, u8), ReceivedTransaction> =
    Table::new(families::RECEIVED_TRANSACTIONS);
/// `(server, transaction id) → a transaction it sent`, from when it was acknowledged until it has been dealt with: only
/// those that take longer than a server should wait for its answer.
pub static STAGED_TRANSACTIONS: Table<(ServerSid, String), StagedTransaction> =
    Table::new(families::STAGED_TRANSACTIONS);

/// How far a server was delivered to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationRecord {
    /// Everything up to here that concerned the server has been delivered.
    pub cursor: Position,
    /// The transaction that was sent and not acknowledged; it is the next one to be sent.
    pub unacknowledged: Option<Transaction>,
    /// When the server fell behind, in unix milliseconds.
    pub since_ms: u64,
}
record!(DestinationRecord, 1);

/// A transaction that has to be sent again as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Its id.
    pub id: String,
    /// Once it is acknowledged, everything up to here has been delivered.
    pub until: Position,
    /// The events.
    pub events: Vec<EventSid>,
    /// The EDUs: JSON objects with type and content.
    pub edus: Vec<String>,
    /// The rows of `outbox` that are among the EDUs.
    pub outbox: Vec<Position>,
    /// The rows of `owed_events` that are among the events.
    pub owed: Vec<Position>,
}

/// A transaction that another server sent, and what it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedTransaction {
    /// The id that the server gave it.
    pub id: String,
    /// When it was answered, in unix milliseconds.
    pub at_ms: u64,
    /// For each event, why it was not taken in, if it was not.
    pub events: Vec<(String, Option<String>)>,
}
record!(ReceivedTransaction, 1);

/// A transaction that another server sent and that is not yet dealt with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedTransaction {
    /// When it was acknowledged, in unix milliseconds.
    pub at_ms: u64,
    /// The events, as JSON.
    pub pdus: Vec<String>,
    /// The EDUs, as JSON.
    pub edus: Vec<String>,
}
record!(StagedTransaction, 1);
