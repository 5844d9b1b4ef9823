//! `GET /_synapse/admin/v1/rooms/{roomId}/timestamp_to_event` — the event of a room that is closest to a time.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_rooms::Viewer;
use ruma::{
    OwnedRoomId,
    api::{auth_scheme::AccessToken, error::ErrorKind},
    metadata,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::get_room;
use crate::listing::{Asked, Direction, parameters};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}/timestamp_to_event",
}

#[derive(Deserialize)]
struct Wanted {
    ts: Option<u64>,
    #[serde(default)]
    dir: Direction,
}

type Request = Own<Endpoint, Asked<(OwnedRoomId,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Asked { path: (room_id,), uri } = request.request;
    get_room(call, &room_id)?;
    let Wanted { ts, dir } = parameters(&uri)?;
    let ts = ts.ok_or_else(|| ApiError::bad_request(ErrorKind::MissingParam, "ts is missing"))?;
    let direction = match dir {
        Direction::Forwards => kith_store::Direction::Forward,
        Direction::Backwards => kith_store::Direction::Backward,
    };
    let read = call.app.store.read();
    let found = call.app.rooms.event_by_timestamp(&*read, &room_id, &Viewer::operator(), ts, direction)?;
    Ok(Json::ok(json!({ "event_id": found.event_id, "origin_server_ts": found.timestamp_ms })))
}
