//! `GET /_matrix/client/v3/rooms/{roomId}/state` — the whole state of a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate>

use std::sync::Arc;

use kith_api_common::{ApiError, Call};
use ruma::{
    api::client::state::get_state_events::v3::{Request, Response},
    serde::Raw,
};

use crate::viewer::viewer;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let app = Arc::clone(&call.app);
    app.rooms.await_members(&request.room_id).await?;
    app.tasks.blocking(move || state(&call, request)).await
}

fn state(call: &Call, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let room_state = call.app.rooms.state_events(&*read, &request.room_id, &viewer)?;
    Ok(Response { room_state: room_state.into_iter().map(Raw::from_json).collect() })
}
