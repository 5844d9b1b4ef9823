//! `POST /_matrix/client/v3/rooms/{roomId}/forget` — forgets a room that one has left.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidforget>

use kith_api_common::{ApiError, Call};
use ruma::api::client::membership::forget_room::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.rooms.forget(call.requester()?, &request.room_id)?;
    Ok(Response {})
}
