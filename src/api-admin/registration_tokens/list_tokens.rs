//! `GET /_synapse/admin/v1/registration_tokens` — all tokens, or those that are valid, or those that are not.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/registration_tokens.html>

use axum::extract::Query;
use http::Uri;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest},
};
use ruma::{
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shown;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/registration_tokens",
}

pub(crate) struct ListTokens {
    uri: Uri,
}

#[derive(Deserialize)]
struct Parameters {
    valid: Option<bool>,
}

impl ReadRequest for ListTokens {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        Ok(Self { uri: request.uri().clone() })
    }
}

type Request = Own<Endpoint, ListTokens, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let parameters: Query<Parameters> = Query::try_from_uri(&request.request.uri)
        .map_err(|error| ApiError::invalid_param(error.body_text()))?;
    let now_ms = call.app.clock.now_ms();
    let tokens = call.app.accounts.list_registration_tokens()?;
    let wanted =
        tokens.iter().filter(|token| parameters.valid.is_none_or(|valid| valid == token.is_valid(now_ms)));
    Ok(Json::ok(json!({ "registration_tokens": wanted.map(shown).collect::<Vec<_>>() })))
}
