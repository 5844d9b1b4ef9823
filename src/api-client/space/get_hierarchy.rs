//! `GET /_matrix/client/v1/rooms/{roomId}/hierarchy` — the rooms below a space, depth first, wherever they are.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy>

use kith_api_common::{ApiError, Call};
use kith_rooms::hierarchy::{HierarchyRequest, HierarchyRoom, PAGE_ROOMS_MAX};
use ruma::{
    api::client::space::{
        SpaceHierarchyRoomsChunk,
        get_hierarchy::v1::{Request, Response},
    },
    serde::Raw,
};

use crate::{paging::limit, viewer::viewer};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let app = std::sync::Arc::clone(&call.app);
    let viewer = app.tasks.blocking(move || viewer(&call, &*call.app.store.read())).await?;
    let wanted = HierarchyRequest {
        from: request.from.as_deref(),
        limit: limit(request.limit).unwrap_or(PAGE_ROOMS_MAX),
        max_depth: request.max_depth.map(u64::from),
        suggested_only: request.suggested_only,
    };
    let page = app.rooms.hierarchy(request.room_id, viewer, &wanted).await?;
    let chunk = |HierarchyRoom { summary, children_state }| SpaceHierarchyRoomsChunk {
        summary,
        children_state: children_state.into_iter().map(Raw::from_json).collect(),
    };
    Ok(Response { rooms: page.rooms.into_iter().map(chunk).collect(), next_batch: page.next_batch })
}
