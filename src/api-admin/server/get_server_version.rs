//! `GET /_synapse/admin/v1/server_version` — the name and version of this program.
//! <https://element-hq.github.io/synapse/latest/admin_api/version_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Empty, Json, Own},
};
use ruma::{api::auth_scheme::NoAccessToken, metadata};
use serde_json::{Value, json};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: NoAccessToken,
    path: "/_synapse/admin/v1/server_version",
}

type Request = Own<Endpoint, Empty, Json<Value>>;

pub(crate) fn handler(_: &Call, _: Request) -> Result<Json<Value>, ApiError> {
    Ok(Json::ok(json!({ "server_version": concat!("Kith ", env!("CARGO_PKG_VERSION")) })))
}
