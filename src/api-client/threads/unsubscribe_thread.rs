//! `DELETE /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription` — ends the
//! subscription to a thread. <https://github.com/matrix-org/matrix-spec-proposals/pull/4306>

use kith_api_common::{ApiError, Call};
use ruma::api::client::threads::unsubscribe_thread::unstable::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    call.app.rooms.unsubscribe_from_thread(call.full_user()?, &request.room_id, &request.thread_root)?;
    Ok(Response::new())
}
