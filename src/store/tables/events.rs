//! `event_meta`, `event_json` and `redactions_waiting`: every event this server has heard of.
//!
//! What graph walks need is small and separate from the text, so that walking an auth chain never reads a message.

use kith_kv::{Batch, Read};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, StateKeySid, UserSid},
    state::StateRoot,
    table::Table,
};

/// `event → what graph walks and timelines need of it`.
pub static EVENT_META: Table<EventSid, EventMeta> = Table::new(families::EVENT_META);
/// `event → canonical JSON`, signatures included; after a redaction, the redacted form.
pub static EVENT_JSON: Table<EventSid, String> = Table::new(families::EVENT_JSON);
/// `(redacted event, redaction) → ()`: redactions that arrived before what they redact.
pub static REDACTIONS_WAITING: Table<(EventSid, EventSid), ()> = Table::new(families::REDACTIONS_WAITING);

/// What the checks on receipt said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Allowed, and shown to clients.
    Accepted,
    /// Allowed where it was sent, not by the room's current state: it takes part in state resolution, clients never see it.
    SoftFailed,
    /// Forbidden; kept so that it is not asked for again and so that what builds on it is judged rightly.
    Rejected,
}

/// An event without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventMeta {
    /// Its room.
    pub room: RoomSid,
    /// Who sent it.
    pub sender: UserSid,
    /// For state events, which entry of the state it sets.
    pub state_key: Option<StateKeySid>,
    /// The verdict of the checks.
    pub verdict: Verdict,
    /// Where it stands among the room's events, unless it is an outlier.
    pub place: Option<Place>,
    /// `origin_server_ts`, milliseconds.
    pub timestamp_ms: u64,
    /// `depth` as the event states it.
    pub depth: u64,
    /// One more than the highest auth depth among its auth events; 0 for a create event.
    pub auth_depth: u64,
    /// Its `auth_events`.
    pub auth: Vec<EventSid>,
    /// Its `prev_events`.
    pub prev: Vec<EventSid>,
    /// The redaction that took its content away.
    pub redacted_by: Option<EventSid>,
    /// With which transaction id which device of the sender sent it; `/sync` tells that device.
    pub transaction: Option<Transaction>,
    /// Why it is not accepted, for people who look into it.
    pub reason: Option<String>,
}

/// The transaction id of an event sent by a local client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The sender's device; empty for those who have none.
    pub device: String,
    /// What the device called the transaction.
    pub id: String,
}

/// Where an event stands: known only for events whose state this server knows, so not for outliers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Stream order: the position at which it arrived; none for backfilled history and for events that clients
    /// never see.
    pub position: Option<Position>,
    /// Topological order within a depth: the position for events that arrived live, below zero and falling for
    /// backfilled ones, zero for events that arrived live and that clients never see.
    pub order: i64,
    /// The state before the event: that of the events it follows, resolved.
    pub state_before: StateRoot,
    /// The state after the event; the same unless it is an accepted or soft-failed state event.
    pub state_after: StateRoot,
    /// The room's current state once the event had arrived: where the room has forks, more than `state_after`.
    /// What changed for a reader between two positions is the difference of these. For history, `state_after`.
    pub room_state: StateRoot,
    /// How many countable events the room had up to and including this one (see [`super::rooms::Heads`]). History
    /// does not count: it has the number of what stands below it.
    pub countable: u64,
    /// The root of the thread the event belongs to.
    pub thread: Option<EventSid>,
    /// How many countable events its thread, or the main timeline if it is in none, had up to and including this one.
    pub countable_in_thread: u64,
}

record!(EventMeta, 1);

impl EventMeta {
    /// Whether it was fetched as history, rather than having arrived live.
    pub fn is_history(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.order < 0)
    }
}

/// The metadata of an event that other rows say is stored.
pub fn get_meta(read: &dyn Read, event: EventSid) -> Result<EventMeta, Error> {
    EVENT_META
        .get(read, &event)?
        .ok_or_else(|| Error::Missing { table: "event_meta", key: event.0.to_string() })
}

/// The text of an event that other rows say is stored.
pub fn get_json(read: &dyn Read, event: EventSid) -> Result<String, Error> {
    EVENT_JSON
        .get(read, &event)?
        .ok_or_else(|| Error::Missing { table: "event_json", key: event.0.to_string() })
}

/// Writes both halves of an event.
pub fn put(batch: &mut Batch, event: EventSid, meta: &EventMeta, json: &str) {
    EVENT_META.put(batch, &event, meta);
    EVENT_JSON.put(batch, &event, &json.to_owned());
}
