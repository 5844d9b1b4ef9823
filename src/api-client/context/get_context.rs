//! `GET /_matrix/client/v3/rooms/{roomId}/context/{eventId}` — an event with what came before and after it.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidcontexteventid>

use kith_api_common::{ApiError, Call};
use ruma::{
    api::client::context::get_context::v3::{Request, Response},
    serde::Raw,
};

use crate::{
    paging::{Filtered, limit},
    viewer::viewer,
};

pub(crate) fn handler(call: &Call, request: Filtered<Request>) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let Filtered { request, filter } = request;
    let limit = limit(Some(request.limit)).unwrap_or_default();
    let context =
        call.app.rooms.context(&*read, &request.room_id, &request.event_id, &viewer, limit, &filter)?;
    Ok(Response {
        start: Some(context.start.to_string()),
        end: Some(context.end.to_string()),
        events_before: context.events_before.into_iter().map(Raw::from_json).collect(),
        event: Some(Raw::from_json(context.event)),
        events_after: context.events_after.into_iter().map(Raw::from_json).collect(),
        state: context.state.into_iter().map(Raw::from_json).collect(),
    })
}
