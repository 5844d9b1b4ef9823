//! `GET /_matrix/client/v3/directory/room/{roomAlias}` — the room that an alias of any server names.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias>

use kith_api_common::{ApiError, Call};
use ruma::api::client::alias::get_alias::v3::{Request, Response};

use super::resolve;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let (room_id, servers) = resolve(&call, request.room_alias).await?;
    Ok(Response { room_id, servers })
}
