//! `PUT /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription` — subscribes to a
//! thread. <https://github.com/matrix-org/matrix-spec-proposals/pull/4306>

use kith_api_common::{ApiError, Call};
use ruma::api::client::threads::subscribe_thread::unstable::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let Request { room_id, thread_root, automatic, .. } = request;
    call.app.rooms.subscribe_to_thread(requester, &room_id, &thread_root, automatic.as_deref())?;
    call.app.push.follow_threads(requester)?;
    Ok(Response::new())
}
