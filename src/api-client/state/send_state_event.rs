//! `PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}` — sends a state event.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey>
//!
//! Later, if the query has a delay: <https://github.com/matrix-org/matrix-spec-proposals/pull/4140>

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Json, Own},
};
use kith_rooms::{delayed::NewDelayed, send::NewState};
use ruma::api::client::state::send_state_event::v3;
use serde_json::{Value, json};

use crate::delayed_events::{Delayable, delay};

type Request = Own<v3::Request, Delayable<v3::Request>, Json<Value>>;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Json<Value>, ApiError> {
    let requester = call.requester()?.clone();
    call.limit(Limit::Message)?;
    let (delay_ms, request) = (request.request.delay_ms()?, request.request.request);
    let content = request.body.into_json();
    if let Some(delay_ms) = delay_ms {
        let new = NewDelayed {
            room_id: request.room_id,
            kind: request.event_type.to_string().into(),
            state_key: Some(request.state_key),
            content,
            delay_ms,
            transaction_id: None,
            sticky_ms: None,
        };
        let tasks = call.app.tasks.clone();
        return Ok(Json::ok(tasks.blocking(move || delay(&call, new)).await?));
    }
    let timestamp_ms = request.timestamp.map(|timestamp| timestamp.get().into());
    let state = NewState { kind: request.event_type, state_key: request.state_key, content, timestamp_ms };
    let event_id = call.app.rooms.send_state_across(requester, request.room_id, state).await?;
    Ok(Json::ok(json!({ "event_id": event_id })))
}
