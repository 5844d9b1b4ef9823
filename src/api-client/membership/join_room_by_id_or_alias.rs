//! `POST /_matrix/client/v3/join/{roomIdOrAlias}` — joins a room by its id or one of its aliases.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3joinroomidoralias>

use kith_api_common::{ApiError, Call, Limit};
use kith_rooms::membership::Joining;
use ruma::api::client::membership::join_room_by_id_or_alias::v3::{Request, Response};

use super::third_party_signed;
use crate::alias::named_room;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?.clone();
    call.limit(Limit::Join)?;
    let (room_id, via) = named_room(&call, request.room_id_or_alias, request.via).await?;
    call.limit_upon(Limit::JoinPerRoom, room_id.as_str())?;
    let third_party_signed = request.third_party_signed.map(third_party_signed).transpose()?;
    let joining = Joining { reason: request.reason, third_party_signed, via };
    call.app.rooms.join_across(requester, room_id.clone(), joining).await?;
    Ok(Response { room_id })
}
