//! `DELETE /_synapse/admin/v1/registration_tokens/{token}` — takes a token back.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/registration_tokens.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::OfToken;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: DELETE,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/registration_tokens/{token}",
}

type Request = Own<Endpoint, OfToken, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    call.app.accounts.delete_registration_token(&request.request.token)?;
    Ok(Json::ok(json!({})))
}
