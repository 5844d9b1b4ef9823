//! `PUT /_synapse/admin/v1/rooms/{roomId}/block` — closes a room to the users of this server, or opens it again.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedRoomId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::get_room;
use crate::listing::Told;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: PUT,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}/block",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    block: bool,
}

type Request = Own<Endpoint, Told<(OwnedRoomId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Told { path: (room_id,), body } = request.request;
    let room = get_room(call, &room_id)?;
    call.app.rooms.set_blocked(room.sid, body.block)?;
    Ok(Json::ok(json!({ "block": body.block })))
}
