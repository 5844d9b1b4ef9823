//! `PUT /_synapse/admin/v1/suspend/{userId}` — makes an account suspended, or no longer.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_accounts::Moderation;
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
    method: PUT,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/suspend/{user_id}",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    suspend: bool,
}

type Request = Own<Endpoint, Told<(OwnedUserId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Told { path: (user_id,), body } = request.request;
    get_account(call, &user_id)?;
    call.app.accounts.moderate(call.admin()?, &user_id, Moderation::Suspend(body.suspend))?;
    Ok(Json::ok(json!({ (format!("user_{user_id}_suspended")): body.suspend })))
}
