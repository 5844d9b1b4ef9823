//! `GET /_matrix/federation/v1/event_auth/{roomId}/{eventId}` — everything an event rests on.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1event_authroomideventid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Ready},
};
use ruma::api::federation::authorization::get_event_authorization::v1;

pub(crate) fn handler(call: &PeerCall, request: Answered<v1::Request, Ready>) -> Result<Ready, ApiError> {
    let v1::Request { room_id, event_id } = request.request;
    let read = call.app.store.read();
    let chain = call.app.rooms.serve_event_auth(&*read, &call.origin, &room_id, &event_id)?;
    Ok(Ready(format!("{{\"auth_chain\":{chain}}}")))
}
