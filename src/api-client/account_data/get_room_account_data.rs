//! `GET /_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}` — reads what was kept about a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridroomsroomidaccount_datatype>

use kith_api_common::{
    ApiError, Call,
    json::{Answered, Json},
};
use ruma::api::client::config::get_room_account_data::v3;
use serde_json::value::RawValue;

use super::{known_room, oneself, shown};

type Request = Answered<v3::Request, Json<Box<RawValue>>>;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Box<RawValue>>, ApiError> {
    let request = request.request;
    let user = oneself(call, &request.user_id)?;
    let room = known_room(call, &request.room_id)?;
    shown(call.app.accounts.find_account_data(user, Some(room), &request.event_type.to_string())?)
}
