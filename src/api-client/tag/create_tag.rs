//! `PUT /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}` — tags a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridroomsroomidtagstag>

use kith_api_common::{ApiError, Call};
use ruma::api::client::tag::create_tag::v3::{Request, Response};

use crate::account_data::{known_room, oneself};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let user = oneself(call, &request.user_id)?;
    let room = known_room(call, &request.room_id)?;
    let info =
        serde_json::to_value(&request.tag_info).map_err(|error| ApiError::bad_json(error.to_string()))?;
    call.app.accounts.set_tag(user, room, &request.tag, info)?;
    Ok(Response {})
}
