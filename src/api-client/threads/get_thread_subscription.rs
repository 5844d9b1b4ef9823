//! `GET /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription` — whether the user is
//! subscribed to a thread. <https://github.com/matrix-org/matrix-spec-proposals/pull/4306>

use kith_api_common::{ApiError, Call};
use kith_store::tables::thread_subscriptions::Subscription;
use ruma::api::client::threads::get_thread_subscription::unstable::{Request, Response};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let found = call.app.rooms.thread_subscription(requester, &request.room_id, &request.thread_root)?;
    let subscription = found.ok_or_else(|| ApiError::not_found("You are not subscribed to this thread"))?;
    Ok(Response::new(subscription == Subscription::Automatic))
}
