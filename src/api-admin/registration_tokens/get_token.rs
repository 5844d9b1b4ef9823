//! `GET /_synapse/admin/v1/registration_tokens/{token}` — one token.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/registration_tokens.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::{OfToken, shown};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/registration_tokens/{token}",
}

type Request = Own<Endpoint, OfToken, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let token = call.app.accounts.find_registration_token(&request.request.token)?;
    let token = token.ok_or_else(|| ApiError::not_found("There is no such registration token"))?;
    Ok(Json::ok(shown(&token)))
}
