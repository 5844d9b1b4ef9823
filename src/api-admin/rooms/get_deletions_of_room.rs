//! `GET /_synapse/admin/v2/rooms/{roomId}/delete_status` — the deletions of a room.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{OfRoom, deletion::status};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/rooms/{room_id}/delete_status",
}

type Request = Own<Endpoint, OfRoom, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let room_id = request.request.room_id;
    let found = call.app.rooms.shut_downs(|deletion| deletion.room_id == room_id);
    if found.is_empty() {
        return Err(ApiError::not_found("There is no deletion of this room"));
    }
    let results: Vec<Value> = found.iter().map(status).collect();
    Ok(Json::ok(json!({ "results": results })))
}
