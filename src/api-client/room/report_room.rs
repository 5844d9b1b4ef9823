//! `POST /_matrix/client/v3/rooms/{roomId}/report` — reports a room to the operators of this server.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreport>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::room::report_room::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Report)?;
    call.app.rooms.report_room(requester, &request.room_id, request.reason)?;
    Ok(Response {})
}
