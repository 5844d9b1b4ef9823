//! `GET /_matrix/client/v3/joined_rooms` — the rooms that the user is in.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3joined_rooms>

use kith_api_common::{ApiError, Call};
use ruma::api::client::membership::joined_rooms::v3::{Request, Response};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let rooms = call.app.rooms.joined_rooms(call.requester()?.user)?;
    let ids = call.app.store.ids();
    let joined_rooms = rooms.into_iter().map(|room| ids.room_id(room)).collect::<Result<_, _>>()?;
    Ok(Response { joined_rooms })
}
