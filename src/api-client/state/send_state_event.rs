//! `PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}` — sends a state event.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey>

use kith_api_common::{ApiError, Call, Limit};
use kith_rooms::send::NewState;
use ruma::api::client::state::send_state_event::v3::{Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?.clone();
    call.limit(Limit::Message)?;
    let state = NewState {
        kind: request.event_type,
        state_key: request.state_key,
        content: request.body.into_json(),
        timestamp_ms: request.timestamp.map(|timestamp| timestamp.get().into()),
    };
    let event_id = call.app.rooms.send_state_across(requester, request.room_id, state).await?;
    Ok(Response { event_id })
}
