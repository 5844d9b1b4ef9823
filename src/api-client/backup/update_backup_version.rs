//! `PUT /_matrix/client/v3/room_keys/version/{version}` — changes what clients need to know about a backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keysversionversion>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::backup::update_backup_version::v3::{self, Response};

use super::Update;

type Request = Own<v3::Request, Update, Response>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let Update { version, update } = request.request;
    call.app.e2ee.update_backup(call.requester()?.user, &version, &update)?;
    Ok(Response {})
}
