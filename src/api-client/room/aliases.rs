//! `GET /_matrix/client/v3/rooms/{roomId}/aliases` — the aliases that this server gave a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidaliases>

use kith_api_common::{ApiError, Call};
use ruma::api::client::room::aliases::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let aliases = call.app.rooms.list_aliases(call.requester()?, &request.room_id)?;
    Ok(Response { aliases })
}
