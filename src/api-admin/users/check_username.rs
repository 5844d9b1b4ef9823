//! `GET /_synapse/admin/v1/username_available` — whether a name could be had.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{
    api::{auth_scheme::AccessToken, error::ErrorKind},
    metadata,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::listing::{Parameters, parameters};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/username_available",
}

#[derive(Deserialize)]
struct Wanted {
    username: Option<String>,
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let Wanted { username } = parameters(&request.request.uri)?;
    let missing = || ApiError::bad_request(ErrorKind::MissingParam, "username is missing");
    call.app.accounts.check_available(&username.ok_or_else(missing)?)?;
    Ok(Json::ok(json!({ "available": true })))
}
