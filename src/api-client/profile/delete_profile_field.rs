//! `DELETE /_matrix/client/v3/profile/{userId}/{keyName}` — removes a field of one's profile.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3profileuseridkeyname>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::profile::delete_profile_field::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::Profile)?;
    let change =
        call.app.accounts.delete_profile_field(requester, &request.user_id, request.field.as_str())?;
    call.app.rooms.propagate_profile(&change)?;
    Ok(Response {})
}
