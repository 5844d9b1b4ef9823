//! `GET /_matrix/client/v3/room_keys/version` — the current backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keysversion>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_e2ee::Backup;
use ruma::api::client::backup::get_latest_backup_info::v3;

type Request = Answered<v3::Request, Json<Backup>>;

pub(crate) fn handler(call: &Call, _: Request) -> Result<Json<Backup>, ApiError> {
    Ok(Json::ok(call.app.e2ee.backup(call.requester()?.user, None)?))
}
