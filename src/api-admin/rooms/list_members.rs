//! `GET /_synapse/admin/v1/rooms/{roomId}/members` — who is in a room.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use kith_store::tables::members::Membership;
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{OfRoom, get_room};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/rooms/{room_id}/members",
}

type Request = Own<Endpoint, OfRoom, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let room = get_room(call, &request.request.room_id)?;
    let mut members = Vec::new();
    for user in call.app.rooms.users_with(room.sid, Membership::Join)? {
        members.push(call.app.rooms.user_id_of(user)?);
    }
    Ok(Json::ok(json!({ "total": members.len(), "members": members })))
}
