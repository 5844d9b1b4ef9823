//! `POST /_synapse/admin/v1/media/unquarantine/{serverName}/{mediaId}` — gives a file back that was withdrawn.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::OfFile;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/media/unquarantine/{server_name}/{media_id}",
}

type Request = Own<Endpoint, OfFile, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let OfFile { server_name, media_id } = request.request;
    call.app.media.quarantine(&[(&server_name, &media_id)], None)?;
    Ok(Json::ok(json!({})))
}
