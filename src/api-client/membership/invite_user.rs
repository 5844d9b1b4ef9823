//! `POST /_matrix/client/v3/rooms/{roomId}/invite` — invites somebody, by their name or by their address.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::membership::invite_user::v3::{InvitationRecipient, Request, Response};

use super::address_invite;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    call.limit(Limit::InvitePerIssuer)?;
    call.limit_upon(Limit::InvitePerRoom, request.room_id.as_str())?;
    let invited = match request.recipient {
        InvitationRecipient::UserId(invited) => invited,
        InvitationRecipient::ThirdPartyId(invited) => {
            call.app.rooms.invite_address(requester, request.room_id, address_invite(invited)).await?;
            return Ok(Response {});
        }
    };
    call.limit_upon(Limit::InvitePerUser, invited.user_id.as_str())?;
    // Whether or not they are there then, they can be invited.
    call.app.bridges.summon_user(invited.user_id.clone()).await?;
    call.app.rooms.invite_across(requester, request.room_id, invited.user_id, invited.reason).await?;
    Ok(Response {})
}
