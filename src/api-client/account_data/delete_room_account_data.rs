//! `DELETE /_matrix/client/unstable/org.matrix.msc3391/user/{userId}/rooms/{roomId}/account_data/{type}` — forgets what
//! was kept about a room. <https://github.com/matrix-org/matrix-spec-proposals/pull/3391>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_path},
};
use ruma::{
    OwnedRoomId, OwnedUserId,
    api::{auth_scheme::AccessToken, error::DeserializationError},
    metadata,
};
use serde_json::{Value, json};

use super::{known_room, oneself};

pub(crate) struct Endpoint;

metadata! {
    @for Endpoint,
    method: DELETE,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_matrix/client/unstable/org.matrix.msc3391/user/{user_id}/rooms/{room_id}/account_data/{type}",
}

/// What is in the path.
pub(crate) struct KeptOfRoom {
    user_id: OwnedUserId,
    room_id: OwnedRoomId,
    kind: String,
}

impl ReadRequest for KeptOfRoom {
    fn read(_: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (user_id, room_id, kind) = read_path(arguments)?;
        Ok(Self { user_id, room_id, kind })
    }
}

type Request = Own<Endpoint, KeptOfRoom, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let KeptOfRoom { user_id, room_id, kind } = request.request;
    let user = oneself(call, &user_id)?;
    let room = known_room(call, &room_id)?;
    call.app.accounts.delete_account_data(user, Some(room), &kind)?;
    Ok(Json::ok(json!({})))
}
