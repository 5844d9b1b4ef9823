//! `DELETE /_matrix/client/v3/room_keys/version/{version}` — deletes a backup with all its keys.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keysversionversion>

use kith_api_common::{ApiError, Call};
use ruma::api::client::backup::delete_backup_version::v3::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.e2ee.delete_backup(call.requester()?.user, &request.version)?;
    Ok(Response {})
}
