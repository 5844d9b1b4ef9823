//! `GET /_matrix/client/v1/rooms/{roomId}/hierarchy` — the rooms below a space, depth first.
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

use crate::{paging::limit, viewer::viewer_async};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let wanted = HierarchyRequest {
        space: request.room_id,
        from: request.from,
        limit: limit(request.limit).unwrap_or(PAGE_ROOMS_MAX),
        max_depth: request.max_depth.map(u64::from),
        suggested_only: request.suggested_only,
    };
    let page = call.app.rooms.hierarchy(viewer_async(&call).await?, wanted).await?;
    let chunk = |HierarchyRoom { summary, children_state }| SpaceHierarchyRoomsChunk {
        summary,
        children_state: children_state.into_iter().map(Raw::from_json).collect(),
    };
    Ok(Response { rooms: page.rooms.into_iter().map(chunk).collect(), next_batch: page.next_batch })
}
