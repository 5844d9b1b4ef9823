//! What users have reported.

mod delete_event_report;
mod delete_user_report;
mod get_event_report;
mod get_user_report;
mod list_event_reports;
mod list_user_reports;

use kith_api_common::{ApiError, Call, Router};
use kith_store::{
    EventSid, Position, RoomSid, UserSid,
    tables::reports::{ReportRecord, ReportSubject},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::listing::{Direction, default_limit, stretch};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(delete_event_report::handler)
        .endpoint(delete_user_report::handler)
        .endpoint(get_event_report::handler)
        .endpoint(get_user_report::handler)
        .endpoint(list_event_reports::handler)
        .endpoint(list_user_reports::handler)
}

/// Which reports are wanted. Every text is a part of what it is compared with.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    from: usize,
    #[serde(default = "default_limit")]
    limit: usize,
    /// The newest first, if nobody says.
    dir: Option<Direction>,
    /// Who reported.
    user_id: Option<String>,
    room_id: Option<String>,
    event_sender_user_id: Option<String>,
    target_user_id: Option<String>,
}

/// A stretch of the reports that one can show, under a name.
fn list(
    call: &Call,
    wanted: &Wanted,
    name: &str,
    shown: impl Fn(&Call, Position, &ReportRecord) -> Result<Option<Value>, ApiError>,
) -> Result<Value, ApiError> {
    let mut reports = Vec::new();
    for (number, record) in
        call.app.rooms.list_reports(Position::START, kith_store::Direction::Forward, usize::MAX)?
    {
        reports.extend(shown(call, number, &record)?.filter(|report| wanted.fits(report)));
    }
    if wanted.dir.unwrap_or(Direction::Backwards) == Direction::Backwards {
        reports.reverse();
    }
    let stretch = stretch(reports, wanted.from, wanted.limit);
    let mut body = json!({ (name): stretch.items, "total": stretch.total });
    if let Some(next) = stretch.next {
        body["next_token"] = next.into();
    }
    Ok(body)
}

impl Wanted {
    fn fits(&self, report: &Value) -> bool {
        let wanted = [
            ("user_id", &self.user_id),
            ("room_id", &self.room_id),
            ("sender", &self.event_sender_user_id),
            ("target_user_id", &self.target_user_id),
        ];
        wanted.into_iter().all(|(field, part)| {
            let Some(part) = part else { return true };
            report[field].as_str().is_some_and(|text| text.contains(part.as_str()))
        })
    }
}

/// The event that a report is about.
fn event_of(record: &ReportRecord) -> Option<(RoomSid, EventSid)> {
    match record.subject {
        ReportSubject::Event { room, event } => Some((room, event)),
        ReportSubject::Room(_) | ReportSubject::User(_) => None,
    }
}

/// The user that a report is about.
fn user_of(record: &ReportRecord) -> Option<UserSid> {
    match record.subject {
        ReportSubject::User(user) => Some(user),
        ReportSubject::Event { .. } | ReportSubject::Room(_) => None,
    }
}

/// What lists show of a report about an event.
fn event_report(call: &Call, number: Position, record: &ReportRecord) -> Result<Option<Value>, ApiError> {
    let Some((room, event)) = event_of(record) else { return Ok(None) };
    let rooms = &call.app.rooms;
    let room_id = rooms.room_id_of(room)?;
    let overview = rooms.overview(&room_id)?;
    let pdu = rooms.find_pdu(event)?;
    Ok(Some(json!({
        "id": number.0,
        "received_ts": record.at_ms,
        "room_id": room_id,
        "name": overview.as_ref().and_then(|room| room.name.as_deref()),
        "canonical_alias": overview.as_ref().and_then(|room| room.canonical_alias.as_deref()),
        "event_id": rooms.event_id_of(event)?,
        "user_id": rooms.user_id_of(record.reporter)?,
        "sender": pdu.map(|pdu| pdu.sender().clone()),
        "reason": record.reason,
        "score": record.score,
    })))
}

/// What lists show of a report about a user.
fn user_report(call: &Call, number: Position, record: &ReportRecord) -> Result<Option<Value>, ApiError> {
    let Some(target) = user_of(record) else { return Ok(None) };
    Ok(Some(json!({
        "id": number.0,
        "received_ts": record.at_ms,
        "user_id": call.app.rooms.user_id_of(record.reporter)?,
        "target_user_id": call.app.rooms.user_id_of(target)?,
        "reason": record.reason,
    })))
}

/// The report of a number, if it is of the kind that is asked for.
fn get_report(
    call: &Call,
    number: &str,
    kind: impl Fn(&ReportRecord) -> bool,
) -> Result<(Position, ReportRecord), ApiError> {
    call.admin()?;
    let number = number.parse().map_err(|_| ApiError::invalid_param("the id of a report is a number"))?;
    let number = Position(number);
    let record = call.app.rooms.find_report(number)?.filter(kind);
    Ok((number, record.ok_or_else(|| ApiError::not_found("There is no such report"))?))
}
