//! `GET /_synapse/admin/v1/rooms/{roomId}/block` — whether a room is closed to this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::OfRoom;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}/block",
}

type Request = Own<Endpoint, OfRoom, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let room = call.app.rooms.room(&request.request.room_id)?;
    let blocked = room.map(|room| call.app.rooms.is_blocked(room.sid)).transpose()?;
    Ok(Json::ok(json!({ "block": blocked.unwrap_or(false) })))
}
