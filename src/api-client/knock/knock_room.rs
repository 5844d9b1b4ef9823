//! `POST /_matrix/client/v3/knock/{roomIdOrAlias}` — asks to be let into a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3knockroomidoralias>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::knock::knock_room::v3::{Request, Response};

use crate::alias::named_room;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    call.limit(Limit::Join)?;
    let (room_id, via) = named_room(&call, request.room_id_or_alias, request.via).await?;
    call.app.rooms.knock_across(requester, room_id.clone(), request.reason, via).await?;
    Ok(Response { room_id })
}
