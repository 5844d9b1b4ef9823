//! `POST /_synapse/admin/v2/users/{userId}/devices` — makes a device for a user, without a session.
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
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/users/{user_id}/devices",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    device_id: String,
}

type Request = Own<Endpoint, Told<(OwnedUserId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Told { path: (user_id,), body } = request.request;
    let account = get_account(call, &user_id)?;
    call.app.accounts.name_device(account.user, &body.device_id, None, true)?;
    Ok(Json::created(json!({})))
}
