//! `PUT /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}` — takes the content of an event away.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::redact::redact_event::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Message)?;
    let Request { room_id, event_id, txn_id, reason } = request;
    let event_id = call.app.rooms.redact(requester, &room_id, &event_id, reason, Some(txn_id.to_string()))?;
    Ok(Response { event_id })
}
