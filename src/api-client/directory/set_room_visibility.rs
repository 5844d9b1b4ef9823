//! `PUT /_matrix/client/v3/directory/list/room/{roomId}` — puts a room into the directory, or takes it out.
//! <https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directorylistroomroomid>

use kith_api_common::{
    ApiError, Call,
    json::{Json, Own, ReadRequest, read_body, read_path},
};
use ruma::{
    OwnedRoomId,
    api::{
        client::{directory::set_room_visibility::v3, room::Visibility},
        error::DeserializationError,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

type Request = Own<v3::Request, Wanted, Json<Value>>;

/// What ruma asks to be said may be left out.
pub(crate) struct Wanted {
    room_id: OwnedRoomId,
    visibility: Visibility,
}

#[derive(Deserialize)]
struct Body {
    visibility: Option<Visibility>,
}

impl ReadRequest for Wanted {
    fn read(request: http::Request<&[u8]>, arguments: &[&str]) -> Result<Self, DeserializationError> {
        let (room_id,) = read_path(arguments)?;
        let Body { visibility } = read_body(&request)?;
        Ok(Self { room_id, visibility: visibility.unwrap_or(Visibility::Public) })
    }
}

pub(crate) fn handler(call: &Call, request: Request) -> Result<Json<Value>, ApiError> {
    let requester = call.full_user()?;
    let Wanted { room_id, visibility } = request.request;
    let published = match visibility {
        Visibility::Public => true,
        Visibility::Private => false,
        _ => return Err(ApiError::invalid_param("visibility is public or private")),
    };
    call.app.rooms.set_published(requester, &room_id, published)?;
    Ok(Json::ok(json!({})))
}
