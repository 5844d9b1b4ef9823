//! `POST /_matrix/client/v3/rooms/{roomId}/report/{eventId}` — reports an event to the operators of this server.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreporteventid>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::room::report_content::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Report)?;
    call.app.rooms.report_event(requester, &request.room_id, &request.event_id, request.reason, None)?;
    Ok(Response {})
}
