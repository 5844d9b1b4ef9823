//! `POST /_synapse/admin/v1/reset_password/{userId}` — gives a user another password.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{OwnedUserId, api::auth_scheme::AccessToken, metadata};
use serde::Deserialize;
use serde_json::{Value, json};

use super::get_account;
use crate::listing::Told;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/reset_password/{user_id}",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    new_password: String,
    #[serde(default = "yes")]
    logout_devices: bool,
}

fn yes() -> bool {
    true
}

type Request = Own<Endpoint, Told<(OwnedUserId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Told { path: (user_id,), body } = request.request;
    let account = get_account(call, &user_id)?;
    let requester = call.admin()?;
    let except = (account.user == requester.user).then_some(requester);
    call.app.accounts.set_password(account.user, &body.new_password, body.logout_devices, except)?;
    Ok(Json::ok(json!({})))
}
