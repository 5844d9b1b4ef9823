//! `GET /_matrix/client/v3/presence/{userId}/status` — who is online.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3presenceuseridstatus>

use std::time::Duration;

use kith_api_common::{ApiError, Call};
use ruma::api::client::presence::get_presence::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let presence = call.app.ephemeral.presence(call.requester()?, &request.user_id)?;
    Ok(Response {
        status_msg: presence.status,
        currently_active: Some(presence.currently_active),
        last_active_ago: presence.last_active_ago_ms.map(Duration::from_millis),
        presence: presence.state.as_str().into(),
    })
}
