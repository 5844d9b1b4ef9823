//! `GET /_matrix/client/v1/rooms/{roomId}/threads` — the threads of a room, the one with the newest event first.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidthreads>

use kith_api_common::{ApiError, Call};
use kith_rooms::{
    threads::{PAGE_THREADS_DEFAULT, ThreadsRequest},
    tokens::Token,
};
use ruma::{
    api::client::threads::get_threads::v1::{IncludeThreads, Request, Response},
    serde::Raw,
};

use crate::{paging::limit, viewer::viewer};

pub(crate) fn handler(call: &Call, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let viewer = viewer(call, &*read)?;
    let wanted = ThreadsRequest {
        from: Token::parse_optional(request.from.as_deref())?,
        limit: limit(request.limit).unwrap_or(PAGE_THREADS_DEFAULT),
        participated: match request.include {
            IncludeThreads::All => false,
            IncludeThreads::Participated => true,
            _ => return Err(ApiError::invalid_param("include is all or participated")),
        },
    };
    let page = call.app.rooms.threads(&*read, &request.room_id, &viewer, &wanted)?;
    let chunk = page.chunk.into_iter().map(Raw::from_json).collect();
    Ok(Response { chunk, next_batch: page.next_batch.map(|token| token.to_string()) })
}
