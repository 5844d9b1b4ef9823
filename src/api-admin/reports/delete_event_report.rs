//! `DELETE /_synapse/admin/v1/event_reports/{reportId}` — removes a report about an event.
//! <https://element-hq.github.io/synapse/latest/admin_api/event_reports.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{event_of, get_report};
use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: DELETE,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/event_reports/{report_id}",
}

type Request = Own<Endpoint, Asked<(String,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (number,) = request.request.path;
    let (number, _) = get_report(call, &number, |record| event_of(record).is_some())?;
    call.app.rooms.delete_report(number)?;
    Ok(Json::ok(json!({})))
}
