//! `GET /_matrix/client/unstable/org.matrix.msc4140/delayed_events` — the user's delayed events.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/4140>
//!
//! There are never so many that they need pages.

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest},
};
use kith_rooms::delayed::Delayed;
use kith_store::tables::delayed::{DelayedOutcome, DelayedRecord};
use ruma::{
    OwnedRoomId,
    api::{client::delayed_events::get_all_delayed_events::unstable, error::DeserializationError},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{read_query, shape};

type Request = Own<unstable::Request, Asked, Json<Value>>;

/// The query, as it stands.
pub(crate) struct Asked(http::Uri);

/// Which are wanted, in which order. Without a word, those that are still to come.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    order_by: Order,
    #[serde(default)]
    dir: Direction,
    since_ts: Option<String>,
    status: Option<Status>,
    room_id: Option<OwnedRoomId>,
    #[serde(rename = "type")]
    kind: Option<String>,
    outcome: Option<Outcome>,
    reason: Option<Reason>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    #[default]
    SendTs,
    OriginServerTs,
    RunningSince,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum Direction {
    #[default]
    #[serde(rename = "f")]
    Forward,
    #[serde(rename = "b")]
    Backward,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Scheduled,
    Finalised,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Send,
    Cancel,
    Error,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Action,
    Delay,
}

impl ReadRequest for Asked {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        Ok(Self(request.uri().clone()))
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let wanted: Wanted = read_query(&request.request.0)?;
    let since_ms = match wanted.since_ts.as_deref() {
        None => call.app.clock.now_ms(),
        Some("end") => u64::MAX,
        Some(text) => text.parse().map_err(|_| ApiError::invalid_param("since_ts is not a time"))?,
    };
    let room = match &wanted.room_id {
        None => None,
        Some(room_id) => Some(call.app.store.ids().find_room(room_id)?),
    };
    let mut found = call.app.rooms.delayed_events(call.requester()?.user)?;
    found.retain(|Delayed { record, .. }| {
        let at_ms = wanted.order_by.of(record);
        let in_time = match wanted.dir {
            // What was due a moment ago and is not sent yet is still to come.
            Direction::Forward => at_ms >= since_ms || wanted.since_ts.is_none() && record.end.is_none(),
            Direction::Backward => at_ms <= since_ms,
        };
        in_time && wanted.fits(record) && room.is_none_or(|room| room == Some(record.room))
    });
    found.sort_by_key(|delayed| wanted.order_by.of(&delayed.record));
    if wanted.dir == Direction::Backward {
        found.reverse();
    }
    let shown: Vec<Value> =
        found.into_iter().map(|delayed| shape(call, delayed)).collect::<Result<_, _>>()?;
    Ok(Json::ok(json!({ "delayed_events": shown })))
}

impl Order {
    fn of(self, record: &DelayedRecord) -> u64 {
        let send_ms = record.running_since_ms.saturating_add(record.delay_ms);
        match self {
            Self::SendTs => send_ms,
            Self::OriginServerTs => record.end.as_ref().map_or(send_ms, |end| end.at_ms),
            Self::RunningSince => record.running_since_ms,
        }
    }
}

impl Wanted {
    fn fits(&self, record: &DelayedRecord) -> bool {
        let status = if record.end.is_some() { Status::Finalised } else { Status::Scheduled };
        let outcome = record.end.as_ref().map(|end| match end.outcome {
            DelayedOutcome::Sent(_) => Outcome::Send,
            DelayedOutcome::Cancelled => Outcome::Cancel,
            DelayedOutcome::Failed { .. } => Outcome::Error,
        });
        let reason = record.end.as_ref().map(|end| if end.asked { Reason::Action } else { Reason::Delay });
        self.status.is_none_or(|wanted| wanted == status)
            && self.kind.as_ref().is_none_or(|wanted| *wanted == record.kind)
            && self.outcome.is_none_or(|wanted| outcome == Some(wanted))
            && self.reason.is_none_or(|wanted| reason == Some(wanted))
    }
}
