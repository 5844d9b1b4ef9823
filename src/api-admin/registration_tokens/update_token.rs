//! `PUT /_synapse/admin/v1/registration_tokens/{token}` — changes how often and how long a token is valid.
//! <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/registration_tokens.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body, read_path},
};
use ruma::{
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
use serde::Deserialize;
use serde_json::Value;

use super::{given, shown};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: PUT,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/registration_tokens/{token}",
}

pub(crate) struct UpdateToken {
    token: String,
    bounds: Bounds,
}

/// What is not there stays as it is.
#[derive(Deserialize)]
struct Bounds {
    #[serde(default, deserialize_with = "given")]
    uses_allowed: Option<Option<u64>>,
    #[serde(default, deserialize_with = "given")]
    expiry_time: Option<Option<u64>>,
}

impl ReadRequest for UpdateToken {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (token,) = read_path(arguments)?;
        Ok(Self { token, bounds: read_body(&request)? })
    }
}

type Request = Own<Endpoint, UpdateToken, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let UpdateToken { token, bounds } = request.request;
    let Bounds { uses_allowed, expiry_time } = bounds;
    let token = call.app.accounts.update_registration_token(&token, uses_allowed, expiry_time)?;
    Ok(Json::ok(shown(&token)))
}
