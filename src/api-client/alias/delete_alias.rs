//! `DELETE /_matrix/client/v3/directory/room/{roomAlias}` — takes a name away from a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3directoryroomroomalias>

use kith_api_common::{ApiError, Call};
use ruma::api::client::alias::delete_alias::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.rooms.delete_alias(call.full_user()?, &request.room_alias)?;
    Ok(Response {})
}
