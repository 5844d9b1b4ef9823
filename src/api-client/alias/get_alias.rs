//! `GET /_matrix/client/v3/directory/room/{roomAlias}` — the room that an alias names.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias>

use kith_api_common::{ApiError, Call};
use ruma::api::client::alias::get_alias::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let (room_id, servers) = call.app.rooms.resolve_alias(&request.room_alias)?;
    Ok(Response { room_id, servers })
}
