//! `GET /_matrix/federation/v1/query/profile` — what a user of this server says of themselves.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1queryprofile>

use std::sync::Arc;

use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::query::get_profile_information::v1::{Request, Response};

pub(crate) async fn handler(call: PeerCall, request: Request) -> Result<Response, ApiError> {
    let absent = || ApiError::not_found("There is no such user here");
    let Request { user_id, field } = request;
    if !call.app.rooms.is_local(&user_id) {
        return Err(absent());
    }
    // An application service may make them now.
    call.app.bridges.summon_user(user_id.clone()).await?;
    let accounts = Arc::clone(&call.app.accounts);
    let profile = call.app.tasks.blocking(move || accounts.find_profile(&user_id)).await?;
    let wanted = |name: &str| field.as_ref().is_none_or(|field| field.as_str() == name);
    let fields = profile.ok_or_else(absent)?.into_fields();
    Ok(fields.into_iter().filter(|(name, _)| wanted(name)).collect())
}
