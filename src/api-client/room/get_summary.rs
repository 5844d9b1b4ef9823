//! `GET /_matrix/client/v1/room_summary/{roomIdOrAlias}` — a room in short, for whoever may know of it.
//! <https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias>

use kith_api_common::{ApiError, Call};
use ruma::{
    api::client::room::get_summary::v1::{Request, Response},
    events::room::member::MembershipState,
};

use crate::viewer::viewer_async;

/// Where clients of the proposal ask, beside the older place that ruma knows.
pub(crate) const UNSTABLE_PATH: &str = "/_matrix/client/unstable/im.nheko.summary/summary/{room_id_or_alias}";

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let Request { room_id_or_alias, via, .. } = request;
    let viewer = viewer_async(&call).await?;
    let viewed = call.app.rooms.room_summary_across(viewer, room_id_or_alias, via).await?;
    let membership = viewed.membership.map(|membership| MembershipState::from(membership.as_str()));
    Ok(Response { summary: viewed.summary, membership })
}
