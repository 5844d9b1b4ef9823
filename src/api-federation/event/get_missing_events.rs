//! `POST /_matrix/federation/v1/get_missing_events/{roomId}` — what lies between events.
//! <https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1get_missing_eventsroomid>

use kith_api_common::{
    ApiError, PeerCall,
    json::{Answered, Ready},
};
use kith_rooms::serve::MissingBetween;
use ruma::api::federation::event::get_missing_events::v1;

use crate::paging::limit;

pub(crate) fn handler(call: &PeerCall, request: Answered<v1::Request, Ready>) -> Result<Ready, ApiError> {
    let request = request.request;
    let between = MissingBetween {
        earliest: &request.earliest_events,
        latest: &request.latest_events,
        limit: limit(request.limit),
        min_depth: request.min_depth.into(),
    };
    let read = call.app.store.read();
    let events = call.app.rooms.serve_missing_events(&*read, &call.origin, &request.room_id, &between)?;
    Ok(Ready(format!("{{\"events\":{events}}}")))
}
