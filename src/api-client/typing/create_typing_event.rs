//! `PUT /_matrix/client/v3/rooms/{roomId}/typing/{userId}` — says that a user starts or stops typing.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidtypinguserid>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::typing::create_typing_event::v3::{Request, Response, Typing};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    if request.user_id != requester.user_id {
        return Err(ApiError::forbidden("Nobody types for somebody else"));
    }
    call.limit(Limit::Ephemeral)?;
    let timeout_ms = match request.state {
        Typing::No => None,
        Typing::Yes(typing) => Some(u64::try_from(typing.timeout.as_millis()).unwrap_or(u64::MAX)),
    };
    call.app.ephemeral.set_typing(requester, &request.room_id, timeout_ms)?;
    Ok(Response {})
}
