//! `POST /_matrix/client/v3/rooms/{roomId}/upgrade` — replaces a room by one of another version.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidupgrade>

use std::sync::Arc;

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::room::upgrade_room::v3::{Request, Response};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let app = Arc::clone(&call.app);
    app.rooms.await_members(&request.room_id).await?;
    app.tasks.blocking(move || upgrade(&call, request)).await
}

fn upgrade(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    call.limit(Limit::RoomCreation)?;
    let (old, version) = (&request.room_id, request.new_version.as_str());
    let replacement_room =
        call.app.rooms.upgrade_room(requester, old, version, &request.additional_creators)?;
    Ok(Response { replacement_room })
}
