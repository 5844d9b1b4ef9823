//! `GET /_matrix/client/v3/directory/room/{roomAlias}` — the room that an alias of any server names.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias>

use kith_api_common::{ApiError, Call};
use ruma::api::client::alias::get_alias::v3::{Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let (room_id, servers) = call.app.rooms.resolve_alias_across(request.room_alias).await?;
    Ok(Response { room_id, servers })
}
