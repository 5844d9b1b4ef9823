//! `PUT /_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}` — keeps something about a room.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridroomsroomidaccount_datatype>

use kith_api_common::{ApiError, Call};
use ruma::api::client::config::set_room_account_data::v3::{Request, Response};

use super::{known_room, oneself};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let user = oneself(call, &request.user_id)?;
    let room = known_room(call, &request.room_id)?;
    let content = request.data.json().get();
    call.app.accounts.set_account_data(user, Some(room), &request.event_type.to_string(), content)?;
    Ok(Response {})
}
