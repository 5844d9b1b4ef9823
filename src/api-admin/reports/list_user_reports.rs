//! `GET /_synapse/admin/v1/user_reports` — the reports about users.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_reports.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::{Wanted, list, user_report};
use crate::listing::{Parameters, parameters};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/user_reports",
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    Ok(Json::ok(list(call, &wanted, "user_reports", user_report)?))
}
