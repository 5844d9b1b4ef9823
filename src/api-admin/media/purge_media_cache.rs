//! `POST /_synapse/admin/v1/purge_media_cache` — deletes copies of other servers' files.
//! <https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::before_ms;
use crate::listing::{Parameters, parameters};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/purge_media_cache",
}

#[derive(Deserialize)]
struct Wanted {
    before_ts: Option<u64>,
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    let deleted = call.app.media.purge_remote(before_ms(wanted.before_ts)?)?;
    Ok(Json::ok(json!({ "deleted": deleted })))
}
