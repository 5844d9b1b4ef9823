//! `POST /_matrix/client/v3/logout/all` — ends all of one's sessions; their devices go with them.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3logoutall>

use kith_api_common::{ApiError, Call};
use ruma::api::client::session::logout_all::v3::{Request, Response};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    call.app.accounts.logout_all(call.requester()?.user)?;
    Ok(Response {})
}
