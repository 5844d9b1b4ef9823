//! `GET /_synapse/admin/v1/rooms/{roomId}` — a room in short.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{OfRoom, shown, unknown};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}",
}

type Request = Own<Endpoint, OfRoom, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let room = call.app.rooms.overview(&request.request.room_id)?.ok_or_else(unknown)?;
    let mut devices = 0;
    for user in call.app.rooms.local_joined(room.room)?.iter() {
        devices += call.app.accounts.list_devices(*user)?.len();
    }
    let mut body = shown(&room);
    body["topic"] = json!(room.topic);
    body["avatar"] = json!(room.avatar_url);
    body["joined_local_devices"] = devices.into();
    body["forgotten"] = (room.joined_here == 0).into();
    body["tombstoned"] = room.ended.into();
    body["replacement_room"] = json!(room.replacement);
    body["blocked"] = room.blocked.into();
    Ok(Json::ok(body))
}
