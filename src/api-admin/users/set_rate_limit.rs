//! `POST /_synapse/admin/v1/users/{userId}/override_ratelimit` — gives a user a rate of their own for messages.
//! <https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html>

use kith_accounts::RateLimitOverride;
use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body, read_path},
};
use ruma::{
    OwnedUserId,
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
use serde::Deserialize;
use serde_json::Value;

use super::{get_account, rate_limit_body};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/users/{user_id}/override_ratelimit",
}

pub(crate) struct SetRateLimit {
    user_id: OwnedUserId,
    rate: Rate,
}

/// Zero messages a second mean no limit at all.
#[derive(Deserialize)]
struct Rate {
    #[serde(default)]
    messages_per_second: u32,
    #[serde(default)]
    burst_count: u32,
}

impl ReadRequest for SetRateLimit {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id,) = read_path(arguments)?;
        Ok(Self { user_id, rate: read_body(&request)? })
    }
}

type Request = Own<Endpoint, SetRateLimit, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let SetRateLimit { user_id, rate } = request.request;
    let account = get_account(call, &user_id)?;
    let Rate { messages_per_second, burst_count } = rate;
    let rate = RateLimitOverride { messages_per_second, burst_count };
    call.app.accounts.set_rate_limit(account.user, Some(rate))?;
    Ok(Json::ok(rate_limit_body(rate)))
}
