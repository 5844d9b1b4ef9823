//! `reports`: what users have reported to the operators of this server.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::families,
    record,
    sids::{EventSid, Position, RoomSid, UserSid},
    table::Table,
};

/// `when → the report`; the position is also the report's number.
pub static REPORTS: Table<Position, ReportRecord> = Table::new(families::REPORTS);

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRecord {
    /// When, in unix milliseconds.
    pub at_ms: u64,
    /// Who reports.
    pub reporter: UserSid,
    /// What is reported.
    pub subject: ReportSubject,
    /// Why.
    pub reason: Option<String>,
    /// How offensive the reporter finds it, from -100 (most) to 0.
    pub score: Option<i64>,
}
record!(ReportRecord, 1);

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportSubject {
    /// An event.
    Event {
        /// Its room.
        room: RoomSid,
        /// The event.
        event: EventSid,
    },
    /// A room.
    Room(RoomSid),
    /// A user.
    User(UserSid),
}
