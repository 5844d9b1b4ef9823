//! `PUT /_matrix/federation/v1/3pid/onbind` — an identity server says that an address is a user's of this server now.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv13pidonbind>

use kith_api_common::{ApiError, Call, Limit};
use kith_rooms::resident::BoundInvite;
use ruma::api::federation::thirdparty::bind_callback::v1::{Request, Response, ThirdPartyInvite};

/// Anybody may send this: what it is worth is said by the identity server's signature in each invite.
pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    call.limit_by_address(Limit::InvitePerIssuer)?;
    let rooms = &call.app.rooms;
    let ours = |invite: &ThirdPartyInvite| invite.mxid == request.mxid && rooms.is_local(&invite.mxid);
    let mut invites = Vec::new();
    for invite in request.invites.iter().filter(|invite| ours(invite)) {
        invites.push(BoundInvite {
            room_id: invite.room_id.clone(),
            sender: invite.sender.clone(),
            target: invite.mxid.clone(),
            signed: serde_json::from_str(invite.signed.json().get())
                .map_err(|error| ApiError::bad_json(error.to_string()))?,
        });
    }
    rooms.take_bound_invites(invites).await;
    Ok(Response {})
}
