//! `PUT /_matrix/client/v3/presence/{userId}/status` — says that one is online, away or offline.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3presenceuseridstatus>

use kith_api_common::{ApiError, Call, Limit};
use kith_store::live::PresenceState;
use ruma::api::client::presence::set_presence::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    if request.user_id != requester.user_id {
        return Err(ApiError::forbidden("Presence is one's own to set"));
    }
    call.limit(Limit::Presence)?;
    let state = PresenceState::parse(request.presence.as_str())
        .ok_or_else(|| ApiError::invalid_param("presence is online, unavailable or offline"))?;
    call.app.ephemeral.set_presence(requester, state, request.status_msg)?;
    Ok(Response {})
}
