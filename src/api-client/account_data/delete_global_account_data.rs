//! `DELETE /_matrix/client/unstable/org.matrix.msc3391/user/{userId}/account_data/{type}` — forgets what was kept.
//! <https://github.com/matrix-org/matrix-spec-proposals/pull/3391>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_path},
};
use ruma::{
    OwnedUserId,
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
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

/// What is in the path.
pub(crate) struct Kept {
    user_id: OwnedUserId,
    kind: String,
}

impl ReadRequest for Kept {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id, kind) = read_path(arguments)?;
        Ok(Self { user_id, kind })
    }
}

type Request = Own<Endpoint, Kept, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let Kept { user_id, kind } = request.request;
    let user = oneself(call, &user_id)?;
    call.app.accounts.delete_account_data(user, None, &kind)?;
    Ok(Json::ok(json!({})))
}
