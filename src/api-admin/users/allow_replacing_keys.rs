//! `POST /_synapse/admin/v1/users/{userId}/_allow_cross_signing_replacement_without_uia` — lets a user replace their cross-signing keys for some minutes without showing more than their token.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

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
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/_allow_cross_signing_replacement_without_uia",
}

type Request = Own<Endpoint, OfUser, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let account = get_account(call, &request.request.user_id)?;
    let until_ms = call.app.e2ee.allow_replacing(account.user)?;
    let until_ms = until_ms.ok_or_else(|| ApiError::not_found("The user has no master cross-signing key"))?;
    Ok(Json::ok(json!({ "updatable_without_uia_before_ms": until_ms })))
}
