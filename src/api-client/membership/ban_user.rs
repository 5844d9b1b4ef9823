//! `POST /_matrix/client/v3/rooms/{roomId}/ban` — keeps a user out.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidban>

use kith_api_common::{ApiError, Call};
use ruma::api::client::membership::ban_user::v3::{Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    call.app.rooms.ban_across(requester, request.room_id, request.user_id, request.reason).await?;
    Ok(Response {})
}
