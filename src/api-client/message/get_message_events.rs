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

pub(crate) fn handler(call: &Call, request: Filtered<Request>) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let Filtered { request, filter } = request;
    let wanted = PageRequest {
        from: Token::parse_optional(request.from.as_deref())?,
        to: Token::parse_optional(request.to.as_deref())?,
        direction: direction(request.dir),
        limit: limit(Some(request.limit)).unwrap_or_default(),
        filter,
    };
    let page = call.app.rooms.messages(&*read, &request.room_id, &viewer, &wanted)?;
    Ok(Response {
        start: request.from.unwrap_or_else(|| page.start.to_string()),
        end: page.end.map(|end| end.to_string()),
        chunk: page.chunk.into_iter().map(Raw::from_json).collect(),
        state: page.state.into_iter().map(Raw::from_json).collect(),
    })
}
