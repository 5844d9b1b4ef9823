//! `GET /_matrix/client/v3/rooms/{roomId}/initialSync` — a room as it is, for those who may look into it.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidinitialsync>

use axum::extract::Query;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest},
};
use kith_rooms::{filter::RoomEventFilter, timeline::PageRequest};
use kith_store::Direction;
use ruma::{
    OwnedRoomId,
    api::{IncomingRequest, client::peeking::get_current_state::v3, error::DeserializationError},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use crate::viewer::viewer;

/// How many events come along unless the client says otherwise, and at most.
const EVENTS_DEFAULT: usize = 20;
const EVENTS_MAX: usize = 100;

/// The room, and how many events are wanted.
pub(crate) struct Look {
    request: v3::Request,
    limit: usize,
}

#[derive(Deserialize)]
struct Parameters {
    limit: Option<usize>,
}

impl ReadRequest for Look {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let limit = Query::<Parameters>::try_from_uri(request.uri()).ok().and_then(|query| query.0.limit);
        let limit = limit.unwrap_or(EVENTS_DEFAULT).min(EVENTS_MAX);
        Ok(Self { request: v3::Request::try_from_http_request_inner(request, arguments)?, limit })
    }
}

/// ruma's answer leaves out lists that are empty.
#[derive(Serialize)]
pub(crate) struct Response {
    room_id: OwnedRoomId,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership: Option<&'static str>,
    messages: Messages,
    state: Vec<Box<RawValue>>,
    visibility: &'static str,
    account_data: Vec<Value>,
}

#[derive(Serialize)]
struct Messages {
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    end: String,
    chunk: Vec<Box<RawValue>>,
}

type Request = Own<v3::Request, Look, Json<Response>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Response>, ApiError> {
    let Look { request: v3::Request { room_id }, limit } = request.request;
    let (rooms, accounts) = (&call.app.rooms, &call.app.accounts);
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let user = call.requester()?.user;
    let filter = RoomEventFilter::default();
    let wanted = PageRequest { from: None, to: None, direction: Direction::Backward, limit, filter };
    let mut page = rooms.messages(&*read, &room_id, &viewer, &wanted)?;
    page.chunk.reverse();
    let state = rooms.state_events(&*read, &room_id, &viewer)?;
    let room = call.app.store.ids().find_room(&room_id)?;
    let membership = match room {
        Some(room) => rooms.membership(user, room)?.map(|membership| membership.as_str()),
        None => None,
    };
    let mut account_data = Vec::new();
    for item in accounts.account_data_of(&*read, user, room)? {
        let content: Value =
            serde_json::from_str(&item.content).map_err(|error| ApiError::internal(&error))?;
        account_data.push(json!({ "type": item.kind, "content": content }));
    }
    Ok(Json::ok(Response {
        membership,
        messages: Messages {
            start: page.end.map(|token| token.to_string()),
            end: page.start.to_string(),
            chunk: page.chunk,
        },
        state,
        visibility: if rooms.is_published(&room_id)? { "public" } else { "private" },
        account_data,
        room_id,
    }))
}
