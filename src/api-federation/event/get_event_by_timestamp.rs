//! `GET /_matrix/federation/v1/timestamp_to_event/{roomId}` — the event closest to a date.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1timestamp_to_eventroomid>

use kith_api_common::{ApiError, PeerCall};
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::federation::event::get_event_by_timestamp::v1::{Request, Response},
};

use crate::paging::direction;

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let (time_ms, direction) = (u64::from(request.ts.get()), direction(request.dir));
    let found = call.app.rooms.serve_event_by_timestamp(
        &*read,
        &call.origin,
        &request.room_id,
        time_ms,
        direction,
    )?;
    Ok(Response {
        event_id: found.event_id,
        origin_server_ts: MilliSecondsSinceUnixEpoch(UInt::new_saturating(found.timestamp_ms)),
    })
}
