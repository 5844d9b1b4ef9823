//! `PUT /_synapse/admin/v2/users/{userId}/devices/{deviceId}` — names a device of a user.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedUserId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{listing::Told, users::get_account};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: PUT,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/users/{user_id}/devices/{device_id}",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    display_name: Option<String>,
}

type Request = Own<Endpoint, Told<(OwnedUserId, String), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Told { path: (user_id, device_id), body } = request.request;
    let account = get_account(call, &user_id)?;
    call.app.accounts.name_device(account.user, &device_id, body.display_name.as_deref(), false)?;
    Ok(Json::ok(json!({})))
}
