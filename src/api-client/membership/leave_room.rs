//! `POST /_matrix/client/v3/rooms/{roomId}/leave` — leaves a room, or declines its invite.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidleave>

use kith_api_common::{ApiError, Call};
use ruma::api::client::membership::leave_room::v3::{Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?.clone();
    call.app.rooms.leave_across(requester, request.room_id, request.reason).await?;
    Ok(Response {})
}
