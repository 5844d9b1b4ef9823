//! `GET /_synapse/admin/v2/users/{userId}/devices/{deviceId}` — one device of a user.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{api::auth_scheme::AccessToken, metadata};
use serde_json::Value;

use super::{OfDevice, shown};
use crate::users::get_account;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/users/{user_id}/devices/{device_id}",
}

type Request = Own<Endpoint, OfDevice, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let OfDevice { user_id, device_id } = request.request;
    let account = get_account(call, &user_id)?;
    let device = call.app.accounts.find_device(account.user, &device_id)?;
    let device = device.ok_or_else(|| ApiError::not_found("No device found"))?;
    Ok(Json::ok(shown(&user_id, &device)))
}
