//! `POST /_synapse/admin/v1/users/{userId}/login` — a token with which an administrator acts as a user.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own},
};
use ruma::{
    OwnedUserId,
    api::{auth_scheme::AccessToken, error::ErrorKind},
    metadata,
};
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
    path: "/_synapse/admin/v1/users/{user_id}/login",
}

#[derive(Deserialize)]
pub(crate) struct Wish {
    valid_until_ms: Option<u64>,
}

type Request = Own<Endpoint, Told<(OwnedUserId,), Wish>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Told { path: (user_id,), body } = request.request;
    let account = get_account(call, &user_id)?;
    if account.user == call.admin()?.user {
        return Err(ApiError::bad_request(ErrorKind::Unknown, "Cannot use admin API to login as self"));
    }
    let token = call.app.accounts.create_token_to_act_as(account.user, body.valid_until_ms)?;
    Ok(Json::ok(json!({ "access_token": token.reveal() })))
}
