//! `PUT /_matrix/federation/v1/exchange_third_party_invite/{roomId}` — another server wants the invite that its user is
//! due, having been invited by an address.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1exchange_third_party_inviteroomid>

use kith_api_common::{ApiError, PeerCall};
use kith_rooms::resident::Exchange;
use ruma::{
    api::federation::thirdparty::exchange_invite::v1::{Request, Response},
    events::StateEventType,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Content {
    membership: String,
    third_party_invite: ThirdPartyInvite,
}

#[derive(Deserialize)]
struct ThirdPartyInvite {
    signed: Value,
}

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Response, ApiError> {
    let content: Content = serde_json::from_str(request.content.json().get())
        .map_err(|error| ApiError::bad_json(error.to_string()))?;
    if request.kind != StateEventType::RoomMember || content.membership != "invite" {
        return Err(ApiError::invalid_param("The event is not an m.room.member with invite"));
    }
    let exchange = Exchange {
        server: call.origin.clone(),
        room_id: request.room_id,
        sender: request.sender,
        target: request.state_key,
        signed: content.third_party_invite.signed,
    };
    call.app.rooms.exchange_third_party_invite(exchange).await?;
    Ok(Response {})
}
