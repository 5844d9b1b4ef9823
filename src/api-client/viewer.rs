//! From a request to the viewer whom the room domain knows: what every endpoint that reads rooms begins with.

use kith_api_common::{ApiError, Call};
use kith_rooms::Viewer;
use kith_store::Read;

/// Whoever sent the request.
pub(crate) fn viewer(call: &Call, read: &dyn Read) -> Result<Viewer, ApiError> {
    let requester = call.requester()?;
    Ok(call.app.rooms.viewer(read, requester.user, &requester.user_id, requester.device_id.as_deref())?)
}

/// Whoever sent the request, or a stranger if they did not say.
pub(crate) fn viewer_or_stranger(call: &Call, read: &dyn Read) -> Result<Viewer, ApiError> {
    match call.find_requester() {
        Some(_) => viewer(call, read),
        None => Ok(Viewer::stranger()),
    }
}

/// The same, for a handler that also waits for others.
pub(crate) async fn viewer_async(call: &Call) -> Result<Viewer, ApiError> {
    let call = call.clone();
    call.app.tasks.clone().blocking(move || viewer_or_stranger(&call, &*call.app.store.read())).await
}
