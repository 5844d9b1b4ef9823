//! Profiles.

mod delete_profile_field;
mod get_profile;
mod get_profile_field;
mod set_profile_field;

use std::{collections::BTreeMap, sync::Arc};

use kith_api_common::{ApiError, Call, Router};
use ruma::{OwnedUserId, api::federation::query::get_profile_information};
use serde_json::Value;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(delete_profile_field::handler)
        .endpoint_async(get_profile::handler)
        .endpoint_async(get_profile_field::handler)
        .endpoint(set_profile_field::handler)
}

/// What a user says of themselves, all of it or one field; a user of another server is asked for there, by those who
/// are logged in here.
async fn find_fields(
    call: &Call,
    user_id: OwnedUserId,
    field: Option<&str>,
) -> Result<BTreeMap<String, Value>, ApiError> {
    let absent = || ApiError::not_found("There is no profile of this user here");
    if call.app.rooms.is_local(&user_id) {
        call.app.bridges.summon_user(user_id.clone()).await?;
        let accounts = Arc::clone(&call.app.accounts);
        let profile = call.app.tasks.blocking(move || accounts.find_profile(&user_id)).await?;
        return Ok(profile.ok_or_else(absent)?.into_fields());
    }
    if call.find_requester().is_none() {
        return Err(absent());
    }
    let server = user_id.server_name().to_owned();
    let request = get_profile_information::v1::Request { user_id, field: field.map(Into::into) };
    let answer = call.app.peers.ask(&server, request).await?;
    Ok(answer.data.into_iter().collect())
}
