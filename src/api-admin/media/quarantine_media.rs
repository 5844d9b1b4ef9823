//! `POST /_synapse/admin/v1/media/quarantine/{serverName}/{mediaId}` — withdraws a file.
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
    path: "/_synapse/admin/v1/media/quarantine/{server_name}/{media_id}",
}

type Request = Own<Endpoint, OfFile, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let admin = call.admin()?.user;
    let OfFile { server_name, media_id } = request.request;
    // Of what is not here nothing is said, nor of what is protected: tools go through whole lists.
    call.app.media.quarantine(&[(&server_name, &media_id)], Some(admin))?;
    Ok(Json::ok(json!({})))
}
