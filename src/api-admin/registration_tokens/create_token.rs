//! `POST /_synapse/admin/v1/registration_tokens/new` — makes a token.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/registration_tokens.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body},
};
use ruma::{
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
use serde::Deserialize;
use serde_json::Value;

use super::shown;

/// How long a token may be that the server makes up, in characters.
const LENGTH_MAX: usize = 64;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/registration_tokens/new",
}

#[derive(Deserialize)]
pub(crate) struct CreateToken {
    token: Option<String>,
    /// Of a token that the server makes up.
    length: Option<usize>,
    uses_allowed: Option<u64>,
    expiry_time: Option<u64>,
}

impl ReadRequest for CreateToken {
    fn read(request: http::Request<&[u8]>, _: &[&str]) -> Result<Self, DeserializationError> {
        read_body(&request)
    }
}

type Request = Own<Endpoint, CreateToken, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let CreateToken { token, length, uses_allowed, expiry_time } = request.request;
    let made_up = match length {
        Some(length) if length == 0 || length > LENGTH_MAX => {
            return Err(ApiError::invalid_param(format!("length is from 1 to {LENGTH_MAX}")));
        }
        length => length.map(|length| call.app.random.alphanumeric(length)),
    };
    let token = token.or(made_up);
    let token = call.app.accounts.create_registration_token(token.as_deref(), uses_allowed, expiry_time)?;
    Ok(Json::ok(shown(&token)))
}
