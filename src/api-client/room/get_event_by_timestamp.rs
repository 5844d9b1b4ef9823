//! `GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event` — the event closest to a date.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event>

use kith_api_common::{ApiError, Call};
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::room::get_event_by_timestamp::v1::{Request, Response},
};

use crate::{paging::direction, viewer::viewer};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let timestamp_ms = u64::from(request.ts.get());
    let direction = direction(request.dir);
    let found =
        call.app.rooms.event_by_timestamp(&*read, &request.room_id, &viewer, timestamp_ms, direction)?;
    Ok(Response {
        event_id: found.event_id,
        origin_server_ts: MilliSecondsSinceUnixEpoch(UInt::new_saturating(found.timestamp_ms)),
    })
}
