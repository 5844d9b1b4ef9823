//! `GET /_matrix/client/v3/room_keys/keys` — all keys of a backup.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeys>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::backup::get_backup_keys::v3;
use serde_json::{Map, Value, json};

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let user = call.requester()?.user;
    let sessions = call.app.e2ee.backup_sessions(user, &request.request.version, None, None)?;
    let rooms = sessions
        .into_iter()
        .map(|(room_id, sessions)| (room_id.to_string(), json!({ "sessions": sessions })));
    Ok(Json::ok(json!({ "rooms": Map::from_iter(rooms) })))
}
