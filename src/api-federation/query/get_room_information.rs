//! `GET /_matrix/federation/v1/query/directory` — the room that an alias of this server names.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1querydirectory>

use std::sync::Arc;

use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::query::get_room_information::v1::{Request, Response};

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Response, ApiError> {
    // An application service may make it now.
    call.app.bridges.summon_alias(request.room_alias.clone()).await?;
    let rooms = Arc::clone(&call.app.rooms);
    let resolved = call.app.tasks.blocking(move || rooms.resolve_alias(&request.room_alias)).await;
    let (room_id, servers) = resolved?;
    Ok(Response { room_id, servers })
}
