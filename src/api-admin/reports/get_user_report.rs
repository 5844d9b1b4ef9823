//! `GET /_synapse/admin/v1/user_reports/{reportId}` — a report about a user.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_reports.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::{get_report, user_of, user_report};
use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/user_reports/{report_id}",
}

type Request = Own<Endpoint, Asked<(String,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (number,) = request.request.path;
    let (number, record) = get_report(call, &number, |record| user_of(record).is_some())?;
    Ok(Json::ok(user_report(call, number, &record)?.unwrap_or_default()))
}
