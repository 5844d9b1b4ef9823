//! `GET /_matrix/client/v3/account/whoami` — whose the token is.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3accountwhoami>

use kith_api_common::{ApiError, Call};
use ruma::api::client::account::whoami::v3::{Request, Response};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    Ok(Response {
        user_id: requester.user_id.clone(),
        device_id: requester.device_id.clone(),
        is_guest: requester.guest,
    })
}
