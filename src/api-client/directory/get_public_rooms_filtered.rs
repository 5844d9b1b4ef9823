//! `POST /_matrix/client/v3/publicRooms` — the directory of public rooms, searched.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3publicrooms>

use kith_api_common::{ApiError, Call};
use kith_rooms::directory::{DirectoryPage, DirectoryRequest};
use ruma::{
    UInt,
    api::client::directory::get_public_rooms_filtered::v3::{Request, Response},
};

use super::is_here;
use crate::paging::limit;

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    is_here(call, request.server.as_deref())?;
    let wanted = DirectoryRequest {
        limit: limit(request.limit),
        since: request.since,
        search: request.filter.generic_search_term,
        room_types: request.filter.room_types,
        network: request.room_network,
    };
    let DirectoryPage { chunk, next_batch, prev_batch, total } = call.app.rooms.public_rooms(&wanted)?;
    let total_room_count_estimate = Some(UInt::new_saturating(total as u64));
    Ok(Response { chunk, next_batch, prev_batch, total_room_count_estimate })
}
