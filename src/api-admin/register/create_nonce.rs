//! `GET /_synapse/admin/v1/register` — a nonce for one registration.
//! <https://element-hq.github.io/synapse/latest/admin_api/register_api.html>

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Empty, Json, Own},
};
use ruma::{api::auth_scheme::NoAccessToken, metadata};
use serde_json::{Value, json};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: true,
    authentication: NoAccessToken,
    path: "/_synapse/admin/v1/register",
}

type Request = Own<Endpoint, Empty, Json<Value>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Value>, ApiError> {
    call.limit(Limit::Registration)?;
    let nonce = call.app.accounts.create_registration_nonce()?;
    Ok(Json::ok(json!({ "nonce": nonce.reveal() })))
}
