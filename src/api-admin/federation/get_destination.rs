//! `GET /_synapse/admin/v1/federation/destinations/{destination}` — a server that this one has to do with.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/federation.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedServerName, api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::get_destination;
use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/federation/destinations/{destination}",
}

type Request = Own<Endpoint, Asked<(OwnedServerName,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (name,) = request.request.path;
    Ok(Json::ok(get_destination(call, &name)?.shown()))
}
