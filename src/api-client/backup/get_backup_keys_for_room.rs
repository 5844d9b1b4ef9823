//! `GET /_matrix/client/v3/room_keys/keys/{roomId}` — the keys of a room in a backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeysroomid>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::backup::get_backup_keys_for_room::v3;
use serde_json::{Value, json};

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let (user, request) = (call.requester()?.user, request.request);
    let mut rooms = call.app.e2ee.backup_sessions(user, &request.version, Some(&request.room_id), None)?;
    let sessions = rooms.remove(&request.room_id).unwrap_or_default();
    Ok(Json::ok(json!({ "sessions": sessions })))
}
