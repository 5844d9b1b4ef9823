//! `GET /_synapse/admin/v1/room/{roomId}/media` — the files that events of a room speak of.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::files_of;
use crate::rooms::OfRoom;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/room/{room_id}/media",
}

type Request = Own<Endpoint, OfRoom, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let own = call.app.accounts.server_name();
    let files = files_of(call, &request.request.room_id)?;
    let (local, remote): (Vec<_>, Vec<_>) =
        files.iter().partition(|uri| uri.server_name().is_ok_and(|server| server == own));
    Ok(Json::ok(json!({ "local": local, "remote": remote })))
}
