//! `GET /_synapse/admin/v2/rooms/delete_status/{deleteId}` — how far the deletion of a room has come.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::deletion::status;
use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/rooms/delete_status/{delete_id}",
}

type Request = Own<Endpoint, Asked<(String,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let (id,) = request.request.path;
    let found = call.app.rooms.shut_downs(|deletion| deletion.id == id).pop();
    let found = found.ok_or_else(|| ApiError::not_found("There is no such deletion"))?;
    Ok(Json::ok(status(&found)))
}
