//! `POST /_synapse/admin/v1/media/unprotect/{mediaId}` — protects a file of this server no longer.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::OfOwnFile;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/media/unprotect/{media_id}",
}

type Request = Own<Endpoint, OfOwnFile, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    call.app.media.protect(call.app.accounts.server_name(), &request.request.media_id, false)?;
    Ok(Json::ok(json!({})))
}
