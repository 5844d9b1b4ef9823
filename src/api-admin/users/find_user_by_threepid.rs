//! `GET /_synapse/admin/v1/threepid/{medium}/users/{address}` — whose address it is.
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
    path: "/_synapse/admin/v1/threepid/{medium}/users/{address}",
}

type Request = Own<Endpoint, Asked<(String, String)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    call.admin()?;
    let (medium, address) = request.request.path;
    let owner = call.app.accounts.find_threepid_owner(&medium, &address)?;
    let account = owner.map(|owner| call.app.accounts.account(owner)).transpose()?.flatten();
    let account = account.ok_or_else(|| ApiError::not_found("User not found"))?;
    Ok(Json::ok(json!({ "user_id": account.user_id })))
}
