//! `PUT /_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}` — puts a key into the current backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeysroomidsessionid>

use std::collections::BTreeMap;

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use kith_e2ee::BackupState;
use ruma::api::client::backup::add_backup_keys_for_session::v3;

type Request = Answered<v3::Request, Json<BackupState>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<BackupState>, ApiError> {
    let request = request.request;
    let sessions = BTreeMap::from([(request.session_id, request.session_data.into_json())]);
    let rooms = BTreeMap::from([(request.room_id, sessions)]);
    let user = call.requester()?.user;
    Ok(Json::ok(call.app.e2ee.put_backup_sessions(user, &request.version, &rooms)?))
}
