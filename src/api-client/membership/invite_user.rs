//! `POST /_matrix/client/v3/rooms/{roomId}/invite` — invites somebody.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::membership::invite_user::v3::{InvitationRecipient, Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    let InvitationRecipient::UserId(invited) = request.recipient else {
        return Err(ApiError::forbidden("This server does not invite by address"));
    };
    call.limit(Limit::InvitePerIssuer)?;
    call.limit_upon(Limit::InvitePerRoom, request.room_id.as_str())?;
    call.limit_upon(Limit::InvitePerUser, invited.user_id.as_str())?;
    // Whether or not they are there then, they can be invited.
    call.app.bridges.summon_user(invited.user_id.clone()).await?;
    call.app.rooms.invite_across(requester, request.room_id, invited.user_id, invited.reason).await?;
    Ok(Response {})
}
