//! `GET /_synapse/admin/v3/users` — the users of this server, those with closed accounts among them unless it is said otherwise.
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
    path: "/_synapse/admin/v3/users",
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    let among = |closed: bool| wanted.deactivated.is_none_or(|deactivated| deactivated == closed);
    Ok(Json::ok(list(call, &wanted, |account| among(account.deactivated))?))
}
