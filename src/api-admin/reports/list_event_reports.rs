//! `GET /_synapse/admin/v1/event_reports` — the reports about events.
//! <https://element-hq.github.io/synapse/latest/admin_api/event_reports.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::{Wanted, event_report, list};
use crate::listing::{Parameters, parameters};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/event_reports",
}

type Request = Own<Endpoint, Parameters, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let wanted: Wanted = parameters(&request.request.uri)?;
    Ok(Json::ok(list(call, &wanted, "event_reports", event_report)?))
}
