//! Users of this server, as administrators see them.

mod allow_replacing_keys;
mod check_username;
mod deactivate_user;
mod delete_media;
mod delete_rate_limit;
mod described;
mod find_user_by_threepid;
mod found;
mod get_account_data;
mod get_admin;
mod get_rate_limit;
mod get_redaction;
mod get_user;
mod list_joined_rooms;
mod list_media;
mod list_memberships;
mod list_pushers;
mod list_users;
mod list_users_v3;
mod login_as_user;
mod media;
mod put_user;
mod quarantine_media;
mod redact_user;
mod reset_password;
mod set_admin;
mod set_rate_limit;
mod suspend_user;
mod whois;

use std::sync::Arc;

use kith_accounts::{Account, RateLimitOverride};
use kith_api_common::{
    ApiError, App, Call, Router,
    json::{ReadRequest, read_path},
};
use kith_store::UserSid;
use ruma::{
    OwnedUserId, UserId,
    api::error::{DeserializationError, ErrorKind},
};
use serde_json::{Value, json};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(allow_replacing_keys::handler)
        .endpoint(check_username::handler)
        .endpoint_async(deactivate_user::handler)
        .endpoint(delete_media::handler)
        .endpoint(delete_rate_limit::handler)
        .endpoint(find_user_by_threepid::handler)
        .endpoint(get_account_data::handler)
        .endpoint(get_admin::handler)
        .endpoint(get_rate_limit::handler)
        .endpoint(get_redaction::handler)
        .endpoint(get_user::handler)
        .endpoint(list_joined_rooms::handler)
        .endpoint(list_media::handler)
        .endpoint(list_memberships::handler)
        .endpoint(list_pushers::handler)
        .endpoint(list_users::handler)
        .endpoint(list_users_v3::handler)
        .endpoint(login_as_user::handler)
        .endpoint_async(put_user::handler)
        .endpoint(quarantine_media::handler)
        .endpoint(redact_user::handler)
        .endpoint(reset_password::handler)
        .endpoint(set_admin::handler)
        .endpoint(set_rate_limit::handler)
        .endpoint(suspend_user::handler)
        .endpoint(whois::handler)
}

/// A request that consists of the user id in its path.
pub(crate) struct OfUser {
    pub(crate) user_id: OwnedUserId,
}

impl ReadRequest for OfUser {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id,) = read_path(arguments)?;
        Ok(Self { user_id })
    }
}

/// The account that an administrator asks about.
pub(crate) fn get_account(call: &Call, user_id: &UserId) -> Result<Account, ApiError> {
    call.admin()?;
    if !call.app.accounts.is_local(user_id) {
        return Err(ApiError::bad_request(ErrorKind::Unknown, "Can only look up local users"));
    }
    let account = call.app.accounts.find_account(user_id)?;
    account.ok_or_else(|| ApiError::not_found("User not found"))
}

/// Takes a user whose account was closed out of their rooms. If the server stops in the middle, the job that looks for
/// departures goes on.
async fn leave_rooms(app: &App, user: UserSid) -> Result<(), ApiError> {
    if app.rooms.leave_all_across(user).await? == 0 {
        let accounts = Arc::clone(&app.accounts);
        app.tasks.blocking(move || accounts.departed(user)).await?;
    }
    Ok(())
}

fn rate_limit_body(rate: RateLimitOverride) -> Value {
    json!({ "messages_per_second": rate.messages_per_second, "burst_count": rate.burst_count })
}
