//! `GET /_matrix/federation/v1/query/profile` — what a user of this server says of themselves.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1queryprofile>

use kith_api_common::{ApiError, PeerCall};
use ruma::api::federation::query::get_profile_information::v1::{Request, Response};

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let absent = || ApiError::not_found("There is no such user here");
    if !call.app.rooms.is_local(&request.user_id) {
        return Err(absent());
    }
    let profile = call.app.accounts.find_profile(&request.user_id)?.ok_or_else(absent)?;
    let wanted = |name: &str| request.field.as_ref().is_none_or(|field| field.as_str() == name);
    Ok(profile.into_fields().into_iter().filter(|(name, _)| wanted(name)).collect())
}
