//! `GET /_matrix/client/v3/publicRooms` — the directory of public rooms, this server's or another's.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms>

use kith_api_common::{ApiError, Call};
use kith_rooms::directory::DirectoryRequest;
use ruma::api::client::directory::get_public_rooms::v3::{Request, Response};

use super::page;
use crate::{identified::Identified, paging::limit};

pub(crate) async fn handler(
    call: Call,
    Identified(request): Identified<Request>,
) -> Result<Response, ApiError> {
    let is_elsewhere = request.server.as_ref().is_some_and(|server| server != call.app.rooms.server_name());
    // Strangers do not make this server ask others.
    if call.app.config.rooms.require_auth_for_directory || is_elsewhere {
        call.requester()?;
    }
    let wanted =
        DirectoryRequest { limit: limit(request.limit), since: request.since, ..DirectoryRequest::default() };
    let page = page(&call, request.server, wanted).await?;
    Ok(Response {
        chunk: page.chunk,
        next_batch: page.next_batch,
        prev_batch: page.prev_batch,
        total_room_count_estimate: page.total_room_count_estimate,
    })
}
