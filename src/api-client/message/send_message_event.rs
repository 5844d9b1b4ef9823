//! `PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}` — sends a message event.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>

use kith_api_common::{ApiError, Call, Limit};
use kith_rooms::send::NewMessage;
use ruma::api::client::message::send_message_event::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    call.limit(Limit::Message)?;
    let message = NewMessage {
        kind: request.event_type.to_string().into(),
        content: request.body.into_json(),
        transaction_id: Some(request.txn_id.to_string()),
        timestamp_ms: request.timestamp.map(|timestamp| timestamp.get().into()),
    };
    let event_id = call.app.rooms.send_message(requester, &request.room_id, message)?;
    Ok(Response { event_id })
}
