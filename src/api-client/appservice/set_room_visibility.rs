//! `PUT /_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}` — puts a room into the directory of a network
//! that an application service bridges to, or takes it out.
//! <https://spec.matrix.org/v1.19/application-service-api/#put_matrixclientv3directorylistappservicenetworkidroomid>

use kith_api_common::{ApiError, Call};
use ruma::api::client::{
    appservice::set_room_visibility::v3::{Request, Response},
    room::Visibility,
};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.requester()?;
    let published = match request.visibility {
        Visibility::Public => true,
        Visibility::Private => false,
        _ => return Err(ApiError::invalid_param("visibility is public or private")),
    };
    call.app.rooms.set_published_in_network(requester, &request.network_id, &request.room_id, published)?;
    Ok(Response {})
}
