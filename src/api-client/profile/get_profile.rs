//! `GET /_matrix/client/v3/profile/{userId}` — everything a user says of themselves.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::profile::get_profile::v3::{Request, Response};

use super::find_profile;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let profile = find_profile(call, &request.user_id)?;
    Ok(profile.into_fields().into_iter().collect())
}
