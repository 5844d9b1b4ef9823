//! `POST /_matrix/client/v3/logout` — ends the session; its device goes with it.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3logout>

use kith_api_common::{ApiError, Call};
use ruma::api::client::session::logout::v3::{Request, Response};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    call.app.accounts.logout(call.requester()?)?;
    Ok(Response {})
}
