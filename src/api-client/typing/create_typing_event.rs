//! `PUT /_matrix/client/v3/rooms/{roomId}/typing/{userId}` — says that a user starts or stops typing.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidtypinguserid>

use kith_api_common::{
    ApiError, Call, Limit,
    json::{Own, ReadRequest, read_body, read_path},
};
use ruma::{
    OwnedRoomId, OwnedUserId,
    api::{
        client::typing::create_typing_event::v3::{self, Response},
        error::DeserializationError,
    },
};
use serde::Deserialize;

/// How long somebody types who does not say so.
const TYPING_MS_DEFAULT: u64 = 30_000;

type Request = Own<v3::Request, Notice, Response>;

/// A typing notice; ruma demands the timeout, the specification does not.
pub(crate) struct Notice {
    room_id: OwnedRoomId,
    user_id: OwnedUserId,
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    typing: bool,
    timeout: Option<u64>,
}

impl ReadRequest for Notice {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (room_id, user_id) = read_path(arguments)?;
        Ok(Self { room_id, user_id, body: read_body(&request)? })
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let (requester, Notice { room_id, user_id, body }) = (call.requester()?, request.request);
    if user_id != requester.user_id {
        return Err(ApiError::forbidden("Nobody types for somebody else"));
    }
    call.limit(Limit::Ephemeral)?;
    let timeout_ms = body.typing.then(|| body.timeout.unwrap_or(TYPING_MS_DEFAULT));
    call.app.ephemeral.set_typing(requester, &room_id, timeout_ms)?;
    Ok(Response {})
}
