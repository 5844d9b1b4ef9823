//! `POST /_matrix/client/v3/rooms/{roomId}/join` — joins a room by its id.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidjoin>

use kith_api_common::{ApiError, Call, Limit};
use kith_rooms::membership::Joining;
use ruma::api::client::membership::join_room_by_id::v3::{Request, Response};

use super::third_party_signed;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?.clone();
    call.limit(Limit::Join)?;
    call.limit_upon(Limit::JoinPerRoom, request.room_id.as_str())?;
    let third_party_signed = request.third_party_signed.map(third_party_signed).transpose()?;
    let joining = Joining { reason: request.reason, third_party_signed, via: Vec::new() };
    call.app.rooms.join_across(requester, request.room_id.clone(), joining).await?;
    Ok(Response { room_id: request.room_id })
}
