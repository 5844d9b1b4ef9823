//! `DELETE /_matrix/client/unstable/org.matrix.msc3391/user/{userId}/rooms/{roomId}/account_data/{type}` — forgets what
//! was kept about a room. <https://github.com/matrix-org/matrix-spec-proposals/pull/3391>

use kith_api_common::{
    ApiError, Call,
    json::{InPath, Json, Own},
};
use ruma::{OwnedRoomId, OwnedUserId, api::auth_scheme::AccessToken, metadata};
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

type Request = Own<Endpoint, InPath<(OwnedUserId, OwnedRoomId, String)>, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let InPath((user_id, room_id, kind)) = request.request;
    let user = oneself(call, &user_id)?;
    let room = known_room(call, &room_id)?;
    call.app.accounts.delete_account_data(user, Some(room), &kind)?;
    Ok(Json::ok(json!({})))
}
