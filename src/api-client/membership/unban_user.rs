//! `POST /_matrix/client/v3/rooms/{roomId}/unban` — lifts a ban.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidunban>

use kith_api_common::{ApiError, Call};
use ruma::api::client::membership::unban_user::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.rooms.unban(call.full_user()?, &request.room_id, &request.user_id, request.reason)?;
    Ok(Response {})
}
