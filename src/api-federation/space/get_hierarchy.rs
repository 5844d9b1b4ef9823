//! `GET /_matrix/federation/v1/hierarchy/{roomId}` — a space and the rooms right below it.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid>

use kith_api_common::{ApiError, PeerCall};
use kith_rooms::{hierarchy::HierarchyRoom, serve::ServedHierarchy};
use ruma::{
    api::federation::space::{
        SpaceHierarchyParentSummary,
        get_hierarchy::v1::{Request, Response},
    },
    serde::Raw,
};

pub(crate) fn handler(call: &PeerCall, request: Request) -> Result<Response, ApiError> {
    let read = call.app.store.read();
    let Request { room_id, suggested_only } = request;
    let served = call.app.rooms.serve_hierarchy(&*read, &call.origin, &room_id, suggested_only)?;
    let ServedHierarchy { room: HierarchyRoom { summary, children_state }, children, inaccessible_children } =
        served;
    let children_state = children_state.into_iter().map(Raw::from_json).collect();
    Ok(Response {
        children,
        inaccessible_children,
        room: SpaceHierarchyParentSummary { summary, children_state },
    })
}
