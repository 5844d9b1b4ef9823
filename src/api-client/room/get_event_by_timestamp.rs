//! `GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event` — the event closest to a date.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event>

use kith_api_common::{ApiError, Call};
use kith_rooms::timeline::Moment;
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::room::get_event_by_timestamp::v1::{Request, Response},
};

use crate::{paging::direction, viewer::viewer};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let moment = Moment { timestamp_ms: u64::from(request.ts.get()), direction: direction(request.dir) };
    let app = std::sync::Arc::clone(&call.app);
    let viewer = app.tasks.blocking(move || viewer(&call, &*call.app.store.read())).await?;
    let found = app.rooms.event_by_timestamp_over_gaps(request.room_id, viewer, moment).await?;
    Ok(Response {
        event_id: found.event_id,
        origin_server_ts: MilliSecondsSinceUnixEpoch(UInt::new_saturating(found.timestamp_ms)),
    })
}
