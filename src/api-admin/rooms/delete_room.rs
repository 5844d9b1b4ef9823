//! `DELETE /_synapse/admin/v2/rooms/{roomId}` — shuts a room down for this server, in the background.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedRoomId, api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::deletion::Wish;
use crate::listing::Told;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: DELETE,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/rooms/{room_id}",
}

type Request = Own<Endpoint, Told<(OwnedRoomId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Told { path: (room_id,), body } = request.request;
    let wish = body.understand(call)?;
    let id = call.app.rooms.shut_down_later(room_id, wish)?;
    Ok(Json::ok(json!({ "delete_id": id })))
}
