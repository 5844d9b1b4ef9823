//! `GET /_matrix/federation/v1/event/{eventId}` — one event.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1eventeventid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Ready},
};
use ruma::api::federation::event::get_event::v1;

use crate::backfill::transaction;

pub(crate) fn handler(call: &PeerCall, request: Answered<v1::Request, Ready>) -> Result<Ready, ApiError> {
    let read = call.app.store.read();
    let event = call.app.rooms.serve_event(&*read, &call.origin, &request.request.event_id)?;
    Ok(Ready(transaction(call, &format!("[{event}]"))))
}
