//! `GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event` — the event closest to a date.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event>

use kith_api_common::{ApiError, Call};
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::room::get_event_by_timestamp::v1::{Request, Response},
};

use crate::{paging::direction, viewer::viewer_async};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let Request { room_id, ts, dir, .. } = request;
    let (viewer, timestamp_ms) = (viewer_async(&call).await?, u64::from(ts.get()));
    let rooms = &call.app.rooms;
    let found = rooms.event_by_timestamp_across(room_id, viewer, timestamp_ms, direction(dir)).await?;
    Ok(Response {
        event_id: found.event_id,
        origin_server_ts: MilliSecondsSinceUnixEpoch(UInt::new_saturating(found.timestamp_ms)),
    })
}
