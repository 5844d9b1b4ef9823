//! `GET /_matrix/client/v3/rooms/{roomId}/context/{eventId}` — an event with what came before and after it.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidcontexteventid>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::api::client::context::get_context::v3;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    paging::{Filtered, limit},
    viewer::viewer,
};

type Request = Own<v3::Request, Filtered<v3::Request>, Json<Response>>;

/// ruma leaves out lists that are empty; clients count on every list.
#[derive(Serialize)]
pub(crate) struct Response {
    start: String,
    end: String,
    events_before: Vec<Box<RawValue>>,
    event: Box<RawValue>,
    events_after: Vec<Box<RawValue>>,
    state: Vec<Box<RawValue>>,
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Response>, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let Filtered { request, filter } = request.request;
    let limit = limit(Some(request.limit)).unwrap_or_default();
    let context =
        call.app.rooms.context(&*read, &request.room_id, &request.event_id, &viewer, limit, &filter)?;
    Ok(Json::ok(Response {
        start: context.start.to_string(),
        end: context.end.to_string(),
        events_before: context.events_before,
        event: context.event,
        events_after: context.events_after,
        state: context.state,
    }))
}
