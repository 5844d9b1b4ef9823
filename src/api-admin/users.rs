//! Users of this server, as administrators see them.

mod delete_media;
mod delete_rate_limit;
mod get_admin;
mod get_rate_limit;
mod list_media;
mod media;
mod quarantine_media;
mod set_admin;
mod set_rate_limit;

use kith_accounts::{Account, RateLimitOverride};
use kith_api_common::{
    ApiError, Call, Router,
    json::{ReadRequest, read_path},
};
use ruma::{
    OwnedUserId, UserId,
    api::error::{DeserializationError, ErrorKind},
};
use serde_json::{Value, json};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(delete_media::handler)
        .endpoint(delete_rate_limit::handler)
        .endpoint(get_admin::handler)
        .endpoint(get_rate_limit::handler)
        .endpoint(list_media::handler)
        .endpoint(quarantine_media::handler)
        .endpoint(set_admin::handler)
        .endpoint(set_rate_limit::handler)
}

/// A request that consists of the user id in its path.
pub(crate) struct OfUser {
    user_id: OwnedUserId,
}

impl ReadRequest for OfUser {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id,) = read_path(arguments)?;
        Ok(Self { user_id })
    }
}

/// The account that an administrator asks about.
fn get_account(call: &Call, user_id: &UserId) -> Result<Account, ApiError> {
    call.admin()?;
    if !call.app.accounts.is_local(user_id) {
        return Err(ApiError::bad_request(ErrorKind::Unknown, "Can only look up local users"));
    }
    let account = call.app.accounts.find_account(user_id)?;
    account.ok_or_else(|| ApiError::not_found("User not found"))
}

fn rate_limit_body(rate: RateLimitOverride) -> Value {
    json!({ "messages_per_second": rate.messages_per_second, "burst_count": rate.burst_count })
}
