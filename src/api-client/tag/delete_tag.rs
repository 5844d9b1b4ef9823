//! `DELETE /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}` — takes a tag off a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3useruseridroomsroomidtagstag>

use kith_api_common::{ApiError, Call};
use ruma::api::client::tag::delete_tag::v3::{Request, Response};

use crate::account_data::{known_room, oneself};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let user = oneself(call, &request.user_id)?;
    let room = known_room(call, &request.room_id)?;
    call.app.accounts.delete_tag(user, room, &request.tag)?;
    Ok(Response {})
}
