//! `GET /_matrix/federation/v1/backfill/{roomId}` — events and what came before them.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1backfillroomid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Ready},
};
use ruma::api::federation::backfill::get_backfill::v1;

use super::transaction;
use crate::paging::limit;

pub(crate) fn handler(call: &PeerCall, request: Answered<v1::Request, Ready>) -> Result<Ready, ApiError> {
    let v1::Request { room_id, v, limit: wanted } = request.request;
    let read = call.app.store.read();
    let events = call.app.rooms.serve_backfill(&*read, &call.origin, &room_id, &v, limit(wanted))?;
    Ok(Ready(transaction(call, &events)))
}
