//! `POST /_matrix/client/v3/room_keys/version` — begins a backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3room_keysversion>

use kith_api_common::{ApiError, Call, json::Own};
use ruma::api::client::backup::create_backup_version::v3::{self, Response};

use super::Update;

type Request = Own<v3::Request, Update, Response>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let version = call.app.e2ee.create_backup(call.full_user()?.user, &request.request.update)?;
    Ok(Response { version })
}
