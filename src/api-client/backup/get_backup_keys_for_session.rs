//! `GET /_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}` — a key of a backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeysroomidsessionid>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::backup::get_backup_keys_for_session::v3;
use serde_json::value::RawValue;

use super::no_such_key;

type Request = Answered<v3::Request, Json<Box<RawValue>>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Box<RawValue>>, ApiError> {
    let (user, request) = (call.requester()?.user, request.request);
    let (room_id, session_id) = (&request.room_id, request.session_id.as_str());
    let rooms = call.app.e2ee.backup_sessions(user, &request.version, Some(room_id), Some(session_id))?;
    let key = rooms.into_values().flatten().next().ok_or_else(no_such_key)?;
    Ok(Json::ok(key.1))
}
