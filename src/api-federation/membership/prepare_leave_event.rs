//! `GET /_matrix/federation/v1/make_leave/{roomId}/{userId}` — how a user of another server would leave.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_leaveroomiduserid>

use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::membership::prepare_leave_event::v1::{Request, Response};

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let offer = call.app.rooms.make_leave(&call.origin, &request.room_id, &request.user_id)?;
    Ok(Response { room_version: Some(offer.room_version), event: offer.event })
}
