//! `GET /_matrix/client/v3/room_keys/version/{version}` — a backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keysversionversion>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_e2ee::Backup;
use ruma::api::client::backup::get_backup_info::v3;

type Request = Answered<v3::Request, Json<Backup>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Backup>, ApiError> {
    let version = request.request.version;
    Ok(Json::ok(call.app.e2ee.backup(call.requester()?.user, Some(&version))?))
}
