//! `GET /_matrix/federation/v1/state/{roomId}` — the state before an event.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1stateroomid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Ready},
};
use ruma::api::federation::event::get_room_state::v1;

pub(crate) fn handler(call: &PeerCall, request: Answered<v1::Request, Ready>) -> Result<Ready, ApiError> {
    let v1::Request { room_id, event_id } = request.request;
    let read = call.app.store.read();
    let (state, chain) = call.app.rooms.serve_state(&*read, &call.origin, &room_id, &event_id)?;
    Ok(Ready(format!("{{\"auth_chain\":{chain},\"pdus\":{state}}}")))
}
