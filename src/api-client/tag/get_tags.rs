//! `GET /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags` — the tags of a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridroomsroomidtags>
//!
//! The answer is ready JSON because clients may also write `m.tag` as a whole, with anything in it.

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::tag::get_tags::v3;
use serde_json::{Value, json};

use crate::account_data::{known_room, oneself};

type Request = Answered<v3::Request, Json<Value>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let user = oneself(call, &request.request.user_id)?;
    let room = known_room(call, &request.request.room_id)?;
    Ok(Json::ok(json!({ "tags": call.app.accounts.tags(user, room)? })))
}
