//! Profiles.

mod delete_profile_field;
mod get_profile;
mod get_profile_field;
mod set_profile_field;

use kith_accounts::Profile;
use kith_api_common::{ApiError, Call, Router};
use ruma::UserId;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(delete_profile_field::handler)
        .endpoint(get_profile::handler)
        .endpoint(get_profile_field::handler)
        .endpoint(set_profile_field::handler)
}

/// The profile of a user of this server.
fn find_profile(call: &Call, user_id: &UserId) -> Result<Profile, ApiError> {
    let profile = call.app.accounts.find_profile(user_id)?;
    profile.ok_or_else(|| ApiError::not_found("There is no profile of this user here"))
}
