//! `GET /_synapse/admin/v1/rooms/{roomId}/context/{eventId}` — an event with what came before and after it.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_rooms::{Viewer, filter::RoomEventFilter};
use ruma::{OwnedEventId, OwnedRoomId, api::auth_scheme::AccessToken, metadata};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::get_room;
use crate::listing::{Asked, parameters};

/// How many events are shown where nobody says.
const LIMIT: usize = 10;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}/context/{event_id}",
}

#[derive(Deserialize)]
struct Wanted {
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    start: String,
    end: String,
    events_before: Vec<Box<RawValue>>,
    event: Box<RawValue>,
    events_after: Vec<Box<RawValue>>,
    state: Vec<Box<RawValue>>,
}

type Request = Own<Endpoint, Asked<(OwnedRoomId, OwnedEventId)>, Json<Answer>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Answer>, ApiError> {
    let Asked { path: (room_id, event_id), uri } = request.request;
    get_room(call, &room_id)?;
    let Wanted { limit } = parameters(&uri)?;
    let read = call.app.store.read();
    let (viewer, filter) = (Viewer::operator(), RoomEventFilter::default());
    let context =
        call.app.rooms.context(&*read, &room_id, &event_id, &viewer, limit.unwrap_or(LIMIT), &filter)?;
    Ok(Json::ok(Answer {
        start: context.start.to_string(),
        end: context.end.to_string(),
        events_before: context.events_before,
        event: context.event,
        events_after: context.events_after,
        state: context.state,
    }))
}
