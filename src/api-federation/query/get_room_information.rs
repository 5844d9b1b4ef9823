//! `GET /_matrix/federation/v1/query/directory` — the room that an alias of this server names.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1querydirectory>

use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::query::get_room_information::v1::{Request, Response};

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let (room_id, servers) = call.app.rooms.resolve_alias(&request.room_alias)?;
    Ok(Response { room_id, servers })
}
