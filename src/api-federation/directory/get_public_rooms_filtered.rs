//! `POST /_matrix/federation/v1/publicRooms` — the directory of public rooms, searched.
//! <https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1publicrooms>

use kith_api_common::{ApiError, PeerCall};
use kith_rooms::directory::{DirectoryPage, DirectoryRequest};
use ruma::{
    UInt,
    api::federation::directory::get_public_rooms_filtered::v1::{Request, Response},
};

use super::page;
use crate::paging::limit;

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let wanted = DirectoryRequest {
        limit: request.limit.map(limit),
        since: request.since,
        search: request.filter.generic_search_term,
        room_types: request.filter.room_types,
        network: request.room_network,
    };
    let DirectoryPage { chunk, next_batch, prev_batch, total } = page(call, &wanted)?;
    let total_room_count_estimate = Some(UInt::new_saturating(total as u64));
    Ok(Response { chunk, next_batch, prev_batch, total_room_count_estimate })
}
