//! `GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}` — the events of one type that relate to an event in
//! one way.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventidreltypeeventtype>

use kith_api_common::{ApiError, Call};
use ruma::api::client::relations::get_relating_events_with_rel_type_and_event_type::v1::{Request, Response};

use super::{Answer, Asked, relations};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let kind = request.event_type.to_string();
    let asked = Asked {
        room_id: &request.room_id,
        event_id: &request.event_id,
        rel_type: Some(request.rel_type.as_str()),
        kind: Some(&kind),
        from: request.from.as_deref(),
        to: request.to.as_deref(),
        dir: request.dir,
        limit: request.limit,
        recurse: request.recurse,
    };
    let Answer { chunk, next_batch, prev_batch, recursion_depth } = relations(call, &asked)?;
    Ok(Response { chunk, next_batch, prev_batch, recursion_depth })
}
