//! `POST /_synapse/admin/v1/room/{roomId}/media/quarantine` — withdraws the files that events of a room speak of.
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
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/room/{room_id}/media/quarantine",
}

type Request = Own<Endpoint, OfRoom, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let admin = call.admin()?.user;
    let uris = files_of(call, &request.request.room_id)?;
    let files: Vec<_> = uris.iter().filter_map(|uri| uri.parts().ok()).collect();
    let count = call.app.media.quarantine(&files, Some(admin))?;
    Ok(Json::ok(json!({ "num_quarantined": count })))
}
