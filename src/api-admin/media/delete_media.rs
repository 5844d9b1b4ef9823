//! `DELETE /_synapse/admin/v1/media/{serverName}/{mediaId}` — deletes a file of this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{
    api::{auth_scheme::AccessToken, error::ErrorKind},
    metadata,
};
use serde_json::{Value, json};

use super::OfFile;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: DELETE,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/media/{server_name}/{media_id}",
}

type Request = Own<Endpoint, OfFile, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let OfFile { server_name, media_id } = request.request;
    if server_name != call.app.accounts.server_name() {
        return Err(ApiError::bad_request(ErrorKind::Unknown, "Can only delete local media"));
    }
    let gone = call.app.media.delete(&[media_id])?;
    if gone.is_empty() {
        return Err(ApiError::not_found("Unknown media"));
    }
    Ok(Json::ok(json!({ "total": gone.len(), "deleted_media": gone })))
}
