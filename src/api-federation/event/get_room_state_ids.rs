//! `GET /_matrix/federation/v1/state_ids/{roomId}` — the state before an event, by the names of its events.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1state_idsroomid>

use kith_api_common::{ApiError, PeerCall};
use kith_rooms::serve::StateIds;
use ruma::api::federation::event::get_room_state_ids::v1::{Request, Response};

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let Request { room_id, event_id } = request;
    let StateIds { state, auth_chain } =
        call.app.rooms.serve_state_ids(&*read, &call.origin, &room_id, &event_id)?;
    Ok(Response { auth_chain_ids: auth_chain, pdu_ids: state })
}
