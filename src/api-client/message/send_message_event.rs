//! `PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}` — sends a message event.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>
//!
//! Later, if the query has a delay: <https://github.com/matrix-org/matrix-spec-proposals/pull/4140>. In sight for some
//! time, if it has a duration: <https://github.com/matrix-org/matrix-spec-proposals/pull/4354>

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use kith_rooms::{delayed::NewDelayed, send::NewMessage};
use ruma::api::client::message::send_message_event::v3;
use serde_json::{Value, json};

use crate::delayed_events::{Delayable, delay};

type Request = Own<v3::Request, Delayable<v3::Request>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let requester = call.requester()?;
    call.limit(Limit::Message)?;
    let (delay_ms, sticky_ms) = (request.request.delay_ms()?, request.request.sticky_ms()?);
    let request = request.request.request;
    let (kind, content) = (request.event_type.to_string().into(), request.body.into_json());
    let transaction_id = Some(request.txn_id.to_string());
    if let Some(delay_ms) = delay_ms {
        let (room_id, state_key) = (request.room_id, None);
        let new = NewDelayed { room_id, kind, state_key, content, delay_ms, transaction_id, sticky_ms };
        return Ok(Json::ok(delay(call, new)?));
    }
    let timestamp_ms = request.timestamp.map(|timestamp| timestamp.get().into());
    let message = NewMessage { kind, content, transaction_id, timestamp_ms, sticky_ms };
    let event_id = call.app.rooms.send_message(requester, &request.room_id, message)?;
    Ok(Json::ok(json!({ "event_id": event_id })))
}
