//! `PUT /_matrix/client/v1/admin/suspend/{userId}` — makes an account suspended, or no longer.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv1adminsuspenduserid>

use kith_accounts::Moderation;
use kith_api_common::{ApiError, Call};
use ruma::api::client::admin::suspend_user::v1::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let suspended = request.suspended;
    call.app.accounts.moderate(call.requester()?, &request.user_id, Moderation::Suspend(suspended))?;
    Ok(Response { suspended })
}
