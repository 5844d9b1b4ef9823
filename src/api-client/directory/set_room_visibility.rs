//! `PUT /_matrix/client/v3/directory/list/room/{roomId}` — puts a room into the directory, or takes it out.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directorylistroomroomid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::{
    directory::set_room_visibility::v3::{Request, Response},
    room::Visibility,
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?;
    let published = match request.visibility {
        Visibility::Public => true,
        Visibility::Private => false,
        _ => return Err(ApiError::invalid_param("visibility is public or private")),
    };
    call.app.rooms.set_published(requester, &request.room_id, published)?;
    Ok(Response {})
}
