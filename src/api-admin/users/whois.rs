//! `GET /_synapse/admin/v1/whois/{userId}` — where a user was last seen.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::{OfUser, get_account};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/whois/{user_id}",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let account = get_account(call, &request.request.user_id)?;
    let mut devices = BTreeMap::new();
    for device in call.app.accounts.list_devices(account.user)? {
        let connection = json!({
            "ip": device.last_seen_address,
            "last_seen": device.last_seen_ms,
            "user_agent": device.user_agent,
        });
        devices.insert(device.device_id, json!({ "sessions": [{ "connections": [connection] }] }));
    }
    Ok(Json::ok(json!({ "user_id": account.user_id, "devices": devices })))
}
