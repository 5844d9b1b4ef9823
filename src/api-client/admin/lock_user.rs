//! `PUT /_matrix/client/v1/admin/lock/{userId}` — makes an account locked, or no longer.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv1adminlockuserid>

use kith_accounts::Moderation;
use kith_api_common::{ApiError, Call};
use ruma::api::client::admin::lock_user::v1::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let locked = request.locked;
    call.app.accounts.moderate(call.requester()?, &request.user_id, Moderation::Lock(locked))?;
    Ok(Response { locked })
}
