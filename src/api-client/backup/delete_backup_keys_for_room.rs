//! `DELETE /_matrix/client/v3/room_keys/keys/{roomId}` — deletes the keys of a room in a backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keyskeysroomid>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_e2ee::BackupState;
use ruma::api::client::backup::delete_backup_keys_for_room::v3;

type Request = Answered<v3::Request, Json<BackupState>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<BackupState>, ApiError> {
    let (user, request) = (call.requester()?.user, request.request);
    let e2ee = &call.app.e2ee;
    Ok(Json::ok(e2ee.delete_backup_sessions(user, &request.version, Some(&request.room_id), None)?))
}
