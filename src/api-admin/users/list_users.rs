//! `GET /_synapse/admin/v2/users` — the users of this server.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::found::{Wanted, list};
use crate::listing::{Parameters, parameters};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/users",
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    // Closed accounts come along if asked for.
    let closed = wanted.deactivated == Some(true);
    Ok(Json::ok(list(call, &wanted, |account| closed || !account.deactivated)?))
}
