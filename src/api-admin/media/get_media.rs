//! `GET /_synapse/admin/v1/media/{serverName}/{mediaId}` — what is known of a file.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{OfFile, shown};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/media/{server_name}/{media_id}",
}

type Request = Own<Endpoint, OfFile, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let OfFile { server_name, media_id } = request.request;
    let listed = call.app.media.find_listed(&server_name, &media_id)?;
    let mut info = shown(&listed.ok_or_else(|| ApiError::not_found("Unknown media"))?);
    let is_own = server_name == call.app.accounts.server_name();
    info["media_origin"] = if is_own { Value::Null } else { json!(server_name) };
    Ok(Json::ok(json!({ "media_info": info })))
}
