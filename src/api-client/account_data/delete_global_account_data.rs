//! `DELETE /_matrix/client/unstable/org.matrix.msc3391/user/{userId}/account_data/{type}` — forgets what was kept.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3391>

use kith_api_common::{
    ApiError, Call,
    json::{InPath, Json, Own},
};
use ruma::{OwnedUserId, api::auth_scheme::AccessToken, metadata};
use serde_json::{Value, json};

use super::oneself;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: DELETE,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_matrix/client/unstable/org.matrix.msc3391/user/{user_id}/account_data/{type}",
}

type Request = Own<Endpoint, InPath<(OwnedUserId, String)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let InPath((user_id, kind)) = request.request;
    let user = oneself(call, &user_id)?;
    call.app.accounts.delete_account_data(user, None, &kind)?;
    Ok(Json::ok(json!({})))
}
