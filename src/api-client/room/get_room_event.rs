//! `GET /_matrix/client/v3/rooms/{roomId}/event/{eventId}` — a single event.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid>

use kith_api_common::{ApiError, Call};
use ruma::{
    api::client::room::get_room_event::v3::{Request, Response},
    serde::Raw,
};

use crate::viewer::viewer;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let event = call.app.rooms.event(&*read, &request.room_id, &request.event_id, &viewer)?;
    Ok(Response { event: Raw::from_json(event) })
}
