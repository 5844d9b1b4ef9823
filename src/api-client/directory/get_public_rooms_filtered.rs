//! `POST /_matrix/client/v3/publicRooms` — the directory of public rooms, this server's or another's, searched.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3publicrooms>

use kith_api_common::{ApiError, Call};
use kith_rooms::directory::DirectoryRequest;
use ruma::api::client::directory::get_public_rooms_filtered::v3::{Request, Response};

use super::page;
use crate::paging::limit;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let wanted = DirectoryRequest {
        limit: limit(request.limit),
        since: request.since,
        search: request.filter.generic_search_term,
        room_types: request.filter.room_types,
        network: request.room_network,
    };
    page(&call, request.server, wanted).await
}
