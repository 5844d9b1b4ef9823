//! `POST /_matrix/client/v3/rooms/{roomId}/invite` — invites somebody, by their name or by their address.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::membership::invite_user::v3::{InvitationRecipient, Request, Response};

use crate::by_address::{find_invitee, invite_address};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    call.limit(Limit::InvitePerIssuer)?;
    let limiter = &call.app.rate_limiter;
    limiter.check(&call.app, Limit::InvitePerRoom, request.room_id.as_str())?;
    let (invited, reason) = match request.recipient {
        InvitationRecipient::UserId(invited) => (invited.user_id, invited.reason),
        InvitationRecipient::ThirdPartyId(invite) => match find_invitee(&call, &invite).await? {
            Some(user_id) => (user_id, None),
            None => {
                invite_address(&call, requester, request.room_id, &invite).await?;
                return Ok(Response {});
            }
        },
    };
    limiter.check(&call.app, Limit::InvitePerUser, invited.as_str())?;
    call.app.rooms.invite_across(requester, request.room_id, invited, reason).await?;
    Ok(Response {})
}
