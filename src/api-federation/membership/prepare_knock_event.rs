//! `GET /_matrix/federation/v1/make_knock/{roomId}/{userId}` — how a user of another server would knock.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_knockroomiduserid>

use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::membership::prepare_knock_event::v1::{Request, Response};

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let rooms = &call.app.rooms;
    let offer = rooms.make_knock(&call.origin, &request.room_id, &request.user_id, &request.ver)?;
    Ok(Response { room_version: offer.room_version, event: offer.event })
}
