//! Reports: what users tell the operators of this server about events, rooms and users.
//! <https://spec.matrix.org/v1.19/client-server-api/#reporting-content>

use kith_accounts::Requester;
use kith_store::{
    Direction, Error, Position,
    tables::reports::{REPORTS, ReportRecord, ReportSubject},
};
use ruma::{EventId, RoomId, UserId};

use crate::{Rooms, Viewer};

/// How long a reason may be, in bytes; the rest is cut off.
const REASON_BYTES_MAX: usize = 4_096;

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is nothing of the kind, or the user may not know of it.
    #[error("there is nothing like that to report")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Rooms {
    /// Reports an event that the user can see.
    pub fn report_event(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        event_id: &EventId,
        reason: Option<String>,
        score: Option<i64>,
    ) -> Result<Position, ReportError> {
        let room = self.room(room_id)?.ok_or(ReportError::NotFound)?.sid;
        if !self.is_joined(requester.user, room)? {
            return Err(ReportError::NotFound);
        }
        let event = self.store.ids().find_event(event_id)?.ok_or(ReportError::NotFound)?;
        let viewer = Viewer {
            user: Some(requester.user),
            user_id: Some(requester.user_id.clone()),
            ..Viewer::default()
        };
        let visible = self.visible(&*self.store.read(), room, &viewer, &[event])?;
        if visible != [true] {
            return Err(ReportError::NotFound);
        }
        self.report(requester, ReportSubject::Event { room, event }, reason, score)
    }

    /// Reports a room.
    pub fn report_room(
        &self,
        requester: &Requester,
        room_id: &RoomId,
        reason: String,
    ) -> Result<Position, ReportError> {
        let room = self.room(room_id)?.ok_or(ReportError::NotFound)?;
        self.report(requester, ReportSubject::Room(room.sid), Some(reason), None)
    }

    /// Reports a user of any server that this one has heard of.
    pub fn report_user(
        &self,
        requester: &Requester,
        user_id: &UserId,
        reason: String,
    ) -> Result<Position, ReportError> {
        let user = match self.is_local(user_id) {
            true => self.accounts.find_account(user_id)?.map(|account| account.user),
            false => self.store.ids().find_user(user_id)?,
        };
        self.report(requester, ReportSubject::User(user.ok_or(ReportError::NotFound)?), Some(reason), None)
    }

    /// The reports of a page, oldest first, or newest first.
    pub fn list_reports(
        &self,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(Position, ReportRecord)>, Error> {
        let engine = self.store.engine();
        let (low, high) = match direction {
            Direction::Forward => (from, Position::END),
            Direction::Backward => (Position::START, from),
        };
        REPORTS.range(engine, &low, &high, direction).take(limit).collect()
    }

    /// The report of a number.
    pub fn find_report(&self, number: Position) -> Result<Option<ReportRecord>, Error> {
        REPORTS.get(self.store.engine(), &number)
    }

    /// Removes a report; false if there is none of this number.
    pub fn delete_report(&self, number: Position) -> Result<bool, Error> {
        if !REPORTS.contains(self.store.engine(), &number)? {
            return Ok(false);
        }
        let mut txn = self.store.begin();
        REPORTS.delete(&mut txn.batch, &number);
        self.store.commit_durably(txn)?;
        Ok(true)
    }

    fn report(
        &self,
        requester: &Requester,
        subject: ReportSubject,
        reason: Option<String>,
        score: Option<i64>,
    ) -> Result<Position, ReportError> {
        let mut txn = self.store.begin();
        let number = txn.position()?;
        let reason = reason.filter(|reason| !reason.is_empty()).map(cut);
        let record =
            ReportRecord { at_ms: self.clock.now_ms(), reporter: requester.user, subject, reason, score };
        REPORTS.put(&mut txn.batch, &number, &record);
        self.store.commit_durably(txn)?;
        Ok(number)
    }
}

fn cut(mut reason: String) -> String {
    if reason.len() > REASON_BYTES_MAX {
        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
    }
    reason
}
