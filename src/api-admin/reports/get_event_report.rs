//! `GET /_synapse/admin/v1/event_reports/{reportId}` — a report about an event, with the event.
//! <https://element-hq.github.io/synapse/latest/admin_api/event_reports.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::{event_of, event_report, get_report};
use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/event_reports/{report_id}",
}

type Request = Own<Endpoint, Asked<(String,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (number,) = request.request.path;
    let (number, record) = get_report(call, &number, |record| event_of(record).is_some())?;
    let mut report = event_report(call, number, &record)?.unwrap_or_default();
    let pdu = event_of(&record).map(|(_, event)| call.app.rooms.find_pdu(event)).transpose()?.flatten();
    report["event_json"] = pdu.and_then(|pdu| serde_json::from_str(pdu.json()).ok()).unwrap_or(Value::Null);
    Ok(Json::ok(report))
}
