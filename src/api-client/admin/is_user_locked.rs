//! `GET /_matrix/client/v1/admin/lock/{userId}` — whether an account is locked.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1adminlockuserid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::admin::is_user_locked::v1::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let account = call.app.accounts.moderated_account(call.requester()?, &request.user_id)?;
    Ok(Response { locked: account.locked })
}
