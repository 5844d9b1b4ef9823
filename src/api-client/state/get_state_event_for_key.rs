//! `GET /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}` — one state event, or its content.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey>

use std::sync::Arc;

use kith_api_common::{ApiError, Call};
use kith_rooms::readable_state::StateForm;
use ruma::{
    UserId,
    api::client::state::get_state_event_for_key::v3::{Request, Response, StateEventFormat},
    events::StateEventType,
};

use crate::viewer::viewer;

/// An empty state key may be left out, and the slash before it too.
pub(crate) const PATHS: [&str; 6] = [
    "/_matrix/client/v3/rooms/{room_id}/state/{event_type}/{state_key}",
    "/_matrix/client/v3/rooms/{room_id}/state/{event_type}/",
    "/_matrix/client/v3/rooms/{room_id}/state/{event_type}",
    "/_matrix/client/r0/rooms/{room_id}/state/{event_type}/{state_key}",
    "/_matrix/client/r0/rooms/{room_id}/state/{event_type}/",
    "/_matrix/client/r0/rooms/{room_id}/state/{event_type}",
];

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let app = Arc::clone(&call.app);
    if request.event_type == StateEventType::RoomMember
        && let Ok(user) = UserId::parse(request.state_key.as_str())
    {
        app.rooms.await_member(&request.room_id, &user).await?;
    }
    app.tasks.blocking(move || state(&call, request)).await
}

fn state(call: &Call, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let form = match request.format {
        StateEventFormat::Content => StateForm::Content,
        StateEventFormat::Event => StateForm::Event,
        _ => return Err(ApiError::invalid_param("format is content or event")),
    };
    let (room_id, kind, state_key) = (&request.room_id, request.event_type.to_string(), &request.state_key);
    let event_or_content = call.app.rooms.state_event(&*read, room_id, &viewer, &kind, state_key, form)?;
    Ok(Response { event_or_content })
}
