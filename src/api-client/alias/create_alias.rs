//! `PUT /_matrix/client/v3/directory/room/{roomAlias}` — names a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directoryroomroomalias>

use kith_api_common::{ApiError, Call};
use ruma::api::client::alias::create_alias::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.rooms.create_alias(call.full_user()?, &request.room_alias, &request.room_id)?;
    Ok(Response {})
}
