//! `GET /_synapse/admin/v1/rooms/{roomId}/messages` — a page of a room, whoever may see it.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_rooms::{Viewer, filter::RoomEventFilter, timeline::PageRequest, tokens::Token};
use ruma::{OwnedRoomId, api::auth_scheme::AccessToken, metadata};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::get_room;
use crate::listing::{Asked, Direction, parameters};

/// How many events are shown where nobody says.
const LIMIT: usize = 10;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}/messages",
}

#[derive(Deserialize)]
struct Wanted {
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    dir: Direction,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    chunk: Vec<Box<RawValue>>,
    state: Vec<Box<RawValue>>,
}

type Request = Own<Endpoint, Asked<(OwnedRoomId,)>, Json<Answer>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Answer>, ApiError> {
    let Asked { path: (room_id,), uri } = request.request;
    get_room(call, &room_id)?;
    let Wanted { from, to, limit, dir } = parameters(&uri)?;
    let wanted = PageRequest {
        from: Token::parse_optional(from.as_deref())?,
        to: Token::parse_optional(to.as_deref())?,
        direction: match dir {
            Direction::Forwards => kith_store::Direction::Forward,
            Direction::Backwards => kith_store::Direction::Backward,
        },
        limit: limit.unwrap_or(LIMIT),
        filter: RoomEventFilter::default(),
    };
    let read = call.app.store.read();
    let page = call.app.rooms.messages(&*read, &room_id, &Viewer::operator(), &wanted)?;
    let (start, end) = (page.start.to_string(), page.end.map(|end| end.to_string()));
    Ok(Json::ok(Answer { start, end, chunk: page.chunk, state: page.state }))
}
