//! `PUT /_matrix/client/v3/room_keys/keys` — puts keys of several rooms into the current backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeys>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_e2ee::BackupState;
use ruma::api::client::backup::add_backup_keys::v3;

use super::sessions;

type Request = Answered<v3::Request, Json<BackupState>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<BackupState>, ApiError> {
    let request = request.request;
    let rooms = request.rooms.into_iter().map(|(room_id, room)| (room_id, sessions(room))).collect();
    let user = call.requester()?.user;
    Ok(Json::ok(call.app.e2ee.put_backup_sessions(user, &request.version, &rooms)?))
}
