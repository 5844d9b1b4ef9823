//! `GET /_synapse/admin/v1/rooms/{roomId}/state` — the state of a room.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_rooms::Viewer;
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{OfRoom, get_room};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}/state",
}

#[derive(Serialize)]
pub(crate) struct Answer {
    state: Vec<Box<RawValue>>,
}

type Request = Own<Endpoint, OfRoom, Json<Answer>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Answer>, ApiError> {
    let room = get_room(call, &request.request.room_id)?;
    let read = call.app.store.read();
    let state = call.app.rooms.state_events(&*read, &room.id, &Viewer::operator())?;
    Ok(Json::ok(Answer { state }))
}
