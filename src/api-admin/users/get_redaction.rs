//! `GET /_synapse/admin/v1/user/redact_status/{redactId}` — how far taking away what a user wrote has come.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use crate::listing::Asked;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/user/redact_status/{redact_id}",
}

type Request = Own<Endpoint, Asked<(String,)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let (id,) = request.request.path;
    let status = call.app.rooms.user_redaction(&id);
    let status = status.ok_or_else(|| ApiError::not_found("There is no such redaction"))?;
    let word = match (status.done, &status.error) {
        (false, _) => "active",
        (true, None) => "completed",
        (true, Some(_)) => "failed",
    };
    let mut body = json!({ "status": word, "failed_redactions": status.failed });
    if let Some(error) = status.error {
        body["error"] = error.into();
    }
    Ok(Json::ok(body))
}
