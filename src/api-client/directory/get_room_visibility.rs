//! `GET /_matrix/client/v3/directory/list/room/{roomId}` — whether a room is in the directory.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directorylistroomroomid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::{
    directory::get_room_visibility::v3::{Request, Response},
    room::Visibility,
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let published = call.app.rooms.is_published(&request.room_id)?;
    Ok(Response { visibility: if published { Visibility::Public } else { Visibility::Private } })
}
