//! `PUT /_synapse/admin/v1/users/{userId}/admin` — makes a user an administrator, or no longer one.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body, read_path},
};
use ruma::{
    OwnedUserId,
    api::{
        auth_scheme::AccessToken,
        error::{DeserializationError, ErrorKind},
    },
    metadata,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::get_account;

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: PUT,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/admin",
}

pub(crate) struct SetAdmin {
    user_id: OwnedUserId,
    admin: bool,
}

#[derive(Deserialize)]
struct Body {
    admin: bool,
}

impl ReadRequest for SetAdmin {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id,) = read_path(arguments)?;
        let Body { admin } = read_body(&request)?;
        Ok(Self { user_id, admin })
    }
}

type Request = Own<Endpoint, SetAdmin, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let SetAdmin { user_id, admin } = request.request;
    let account = get_account(call, &user_id)?;
    if account.user == call.requester()?.user && !admin {
        return Err(ApiError::bad_request(ErrorKind::Unknown, "You may not demote yourself"));
    }
    call.app.accounts.set_admin(account.user, admin)?;
    Ok(Json::ok(json!({})))
}
