//! The room directory.

mod get_public_rooms;
mod get_public_rooms_filtered;
mod get_room_visibility;
mod set_room_visibility;

use std::sync::Arc;

use kith_api_common::{ApiError, Call, Router};
use kith_rooms::directory::{DirectoryPage, DirectoryRequest};
use ruma::{
    OwnedServerName, ServerName, UInt,
    api::{client::directory::get_public_rooms_filtered::v3 as get_public_rooms_filtered_v3, federation},
    directory::Filter,
};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint_async(get_public_rooms::handler)
        .endpoint_async(get_public_rooms_filtered::handler)
        .endpoint(get_room_visibility::handler)
        .endpoint(set_room_visibility::handler)
}

/// The answer to a search of a directory, whichever endpoint asks.
type Answer = get_public_rooms_filtered_v3::Response;

/// A page of this server's directory, or of another server's where that is asked for.
async fn page(
    call: &Call,
    server: Option<OwnedServerName>,
    wanted: DirectoryRequest,
) -> Result<Answer, ApiError> {
    match server.filter(|server| server != call.app.rooms.server_name()) {
        Some(server) => page_of(call, &server, wanted).await,
        None => {
            let rooms = Arc::clone(&call.app.rooms);
            let page = call.app.tasks.blocking(move || rooms.public_rooms(&wanted)).await?;
            let DirectoryPage { chunk, next_batch, prev_batch, total } = page;
            let total_room_count_estimate = Some(UInt::new_saturating(total as u64));
            Ok(Answer { chunk, next_batch, prev_batch, total_room_count_estimate })
        }
    }
}

async fn page_of(call: &Call, server: &ServerName, wanted: DirectoryRequest) -> Result<Answer, ApiError> {
    let request = federation::directory::get_public_rooms_filtered::v1::Request {
        limit: wanted.limit.map(|limit| UInt::new_saturating(limit as u64)),
        since: wanted.since,
        filter: Filter { generic_search_term: wanted.search, room_types: wanted.room_types },
        room_network: wanted.network,
    };
    let answer = call.app.peers.ask(server, request).await?;
    Ok(Answer {
        chunk: answer.chunk,
        next_batch: answer.next_batch,
        prev_batch: answer.prev_batch,
        total_room_count_estimate: answer.total_room_count_estimate,
    })
}
