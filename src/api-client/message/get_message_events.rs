//! `GET /_matrix/client/v3/rooms/{roomId}/messages` — a page of a room's history.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages>

use kith_api_common::{ApiError, Call};
use kith_rooms::{timeline::PageRequest, tokens::Token};
use ruma::{
    api::client::message::get_message_events::v3::{Request, Response},
    serde::Raw,
};

use crate::{
    paging::{Filtered, direction, limit},
    viewer::viewer,
};

pub(crate) async fn handler(call: Call, request: Filtered<Request>) -> Result<Response, ApiError> {
    let Filtered { request, filter } = request;
    let wanted = PageRequest {
        from: Token::parse_optional(request.from.as_deref())?,
        to: Token::parse_optional(request.to.as_deref())?,
        direction: direction(request.dir),
        limit: limit(Some(request.limit)).unwrap_or_default(),
        filter,
    };
    let app = std::sync::Arc::clone(&call.app);
    let viewer = app.tasks.blocking(move || viewer(&call, &*call.app.store.read())).await?;
    let page = app.rooms.messages_over_gaps(request.room_id, viewer, wanted).await?;
    Ok(Response {
        start: request.from.unwrap_or_else(|| page.start.to_string()),
        end: page.end.map(|end| end.to_string()),
        chunk: page.chunk.into_iter().map(Raw::from_json).collect(),
        state: page.state.into_iter().map(Raw::from_json).collect(),
    })
}
