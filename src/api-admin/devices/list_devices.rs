//! `GET /_synapse/admin/v2/users/{userId}/devices` — the devices of a user.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::shown;
use crate::users::{OfUser, get_account};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/users/{user_id}/devices",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let account = get_account(call, &request.request.user_id)?;
    let devices = call.app.accounts.list_devices(account.user)?;
    let devices: Vec<Value> = devices.iter().map(|device| shown(&account.user_id, device)).collect();
    Ok(Json::ok(json!({ "total": devices.len(), "devices": devices })))
}
